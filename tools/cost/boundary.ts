// Times native functions on a real Espruino: what they take beyond the syntax of the call, which the cost model charges
// already. The source of the figures marked "Linux" in sim/cost/boundary.ts.

import { UNIT_MILLITURNS, predict } from "./predict.ts";
import { measureTurns, RESULT, runScript } from "./interpreter.ts";
import type { Costs } from "../../sim/cost/model.ts";
import type { Sample } from "./programs.ts";

interface Native {
  readonly name: string;
  readonly setup?: string;
  readonly call: string;
}

const arrays = (bytes: number): string => `var a=new Uint8Array(${bytes}),b=new Uint8Array(${bytes});`;

/** `peek32` and `poke32` crash on 64-bit Linux; pins there are names without hardware. */
const NATIVES: readonly Native[] = [
  { name: "getTime", call: "getTime();" },
  { name: "isNaN", call: "isNaN(1);" },
  { name: "digitalWrite", call: "digitalWrite(1,1);" },
  { name: "digitalRead", call: "digitalRead(1);" },
  { name: "setTimeout, clearTimeout", setup: "var f=function(){};", call: "clearTimeout(setTimeout(f,1000000));" },
  { name: "E.getAddressOf", setup: arrays(64), call: "E.getAddressOf(a,true);" },
  ...[16, 256, 4096].flatMap((bytes) => [
    { name: `set, ${bytes} bytes`, setup: arrays(bytes), call: "a.set(b);" },
    { name: `E.CRC32, ${bytes} bytes`, setup: arrays(bytes), call: "E.CRC32(a);" },
    { name: `new Uint8Array, ${bytes} bytes`, call: `new Uint8Array(${bytes});` },
  ]),
];

/** Callbacks that fall due in one idle pass, and the rounds of which the median counts. */
const TIMERS = 200;
const TIMER_ROUNDS = 21;

/**
 * README-loop turns from one due timer to the next, less the callback's own work: what calling it costs more than calling an
 * empty function.
 */
function dispatchTurns(): number {
  const script = `i=0;n=0;t=0;turn=0;work=0;r=[];function readme(){for(i=0;i<500;i=i+1);}function f(){n=n+1;}function empty(){}
    function full(){for(var j=0;j<${TIMERS};j=j+1)f();}function idle(){for(var j=0;j<${TIMERS};j=j+1)empty();}
    function time(g,passes){var s=getTime();g();return(getTime()-s)/passes;}
    function first(){t=getTime();}function last(){r.push(((getTime()-t)/${TIMERS}-work)/turn);next();}
    function next(){if(r.length==${TIMER_ROUNDS}){print('${RESULT}'+JSON.stringify(r));quit();}
    turn=time(readme,500);work=time(full,${TIMERS})-time(idle,${TIMERS});
    setTimeout(first,5);for(var j=0;j<${TIMERS};j++)setTimeout(f,5);setTimeout(last,5);}next();`;
  return (runScript(script) as number[]).sort((x, y) => x - y)[TIMER_ROUNDS >> 1]!;
}

export function printBoundary(costs: Costs, passes: number): void {
  console.log(`${"dispatch of a due timer".padEnd(36)}${dispatchTurns().toFixed(2).padStart(10)}`);
  console.log(`${"native function".padEnd(36)}${"own turns".padStart(10)}`);
  for (const { name, setup = "", call } of NATIVES) {
    const sample: Sample = { name, setup, body: call };
    const own = measureTurns(sample, passes) - predict(sample, costs, passes) / UNIT_MILLITURNS;
    console.log(`${name.padEnd(36)}${own.toFixed(2).padStart(10)}`);
  }
}
