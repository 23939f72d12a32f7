/** An application that asks for addresses at boot and in callbacks, and what it prints on either engine. */
export const PASSING_ADDRESS = {
  code: `var kept=new Uint8Array(64),place=E.getAddressOf(kept,true),passing;kept[5]=7;
    function ask(){var b=new Uint8Array(64);b[5]=9;passing=E.getAddressOf(b,true);print(passing>0,passing===place,peek8(passing+5),E.getAddressOf(b,true)===passing);}
    setTimeout(ask,10);setTimeout(function(){try{peek8(passing);print('there');}catch(error){print('gone');}},10);setTimeout(ask,20);
    setTimeout(function(){try{peek8(passing);print('there');}catch(error){print('gone');}print(peek8(place+5),E.getAddressOf(kept,true)===place);},30);`,
  printed: ["true false 9 true", "gone", "true false 9 true", "gone", "7 true"],
};
