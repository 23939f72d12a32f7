// Small programs as firmware has them, minified by hand the way terser leaves them: hence the long lines. The model is checked
// against them and never fitted to them.

import type { Sample } from "./programs.ts";

const names = (count: number): string => Array.from({ length: count }, (_, index) => `n${index}=${index}`).join(",");

export const CHECK_SAMPLES: readonly Sample[] = [
  {
    name: "state machine by switch",
    setup:
      'var s=0,c=0;function st(e){switch(s){case 0:if(e===1){s=1;c=0}break;case 1:if(e===2)s=2;else if(e===3)s=0;break;case 2:c++;if(c>3){s=3}break;case 3:s=0;break;default:s=0}return s}',
    body: "st(1);st(2);st(2);st(0);",
  },
  {
    name: "state machine by table",
    setup:
      "var t={idle:{press:function(m){m.n++;return'rec'},tap:function(){return'play'}},rec:{release:function(m){return m.n>5?'save':'idle'}},save:{done:function(){return'idle'}},play:{}},m={s:'idle',n:0};function go(e){var h=t[m.s][e];if(h){m.s=h(m)||m.s}}",
    body: "go('press');go('release');go('done');",
  },
  {
    name: "typed array copy",
    setup: "var a=new Uint8Array(32),b=new Uint8Array(32);function cp(d,s,n){for(var i=0;i<n;i++)d[i]=s[i]}",
    body: "cp(a,b,32);",
  },
  {
    name: "sum with clipping",
    setup: "var u=new Int16Array(24);function sm(){var x=0,i,v;for(i=0;i<u.length;i++){v=u[i];if(v<0)v=-v;x+=v>100?100:v}return x}",
    body: "sm();",
  },
  {
    name: "ADPCM step",
    setup:
      "var st=new Int16Array(89),it=[-1,-1,-1,-1,2,4,6,8],p={v:0,i:0};for(var q=0;q<89;q++)st[q]=7+q*q;function en(x){var s=st[p.i],d=x-p.v,c=0,e=s>>3;if(d<0){c=8;d=-d}if(d>=s){c|=4;d-=s;e+=s}s>>=1;if(d>=s){c|=2;d-=s;e+=s}s>>=1;if(d>=s){c|=1;e+=s}p.v+=c&8?-e:e;if(p.v>32767)p.v=32767;else if(p.v<-32768)p.v=-32768;p.i+=it[c&7];if(p.i<0)p.i=0;else if(p.i>88)p.i=88;return c}",
    body: "en(120);en(-300);en(5);",
  },
  {
    name: "object methods",
    setup:
      "function mk(w){var c=0,l=0;return{push:function(v){c++;l=v},count:function(){return c},last:function(){return l},isFull:function(){return c>=w}}}var q=mk(1000000);",
    body: "q.push(5);if(!q.isFull()&&q.count()>0)q.last();",
  },
  {
    name: "closures under 60 names",
    setup: `var r=(function(){var ${names(60)};function f(x){return x+n3}function g(x){n59=f(x)+n58;return n59}return{go:function(x){return g(x)-f(x)}}})();`,
    body: "r.go(4);",
  },
  {
    name: "built-ins under 60 names",
    setup: `var r=(function(){var ${names(60)};return function(x){n5=Math.min(Math.abs(x),n5);return isNaN(n5)?0:Math.round(n5)}})();`,
    body: "r(-7);",
  },
  {
    name: "callback with early return",
    setup:
      "var ev={busy:!0,n:0};function on(e){if(!e)return;if(ev.busy){ev.n++;return}var a=e.state,b=e.time;if(a){ev.last=b;ev.count=(ev.count||0)+1;if(ev.count>5){ev.count=0;ev.busy=!0}}else{ev.last=b-ev.last;if(ev.last>300)ev.hold=!0;else ev.hold=!1}}var x={state:!0,time:5};",
    body: "on(x);on(0);on(x);",
  },
  {
    name: "gesture step",
    setup:
      "var down=!1,at=0,taps=0,held=!1;function ges(p,t){if(p===down)return 0;down=p;if(p){at=t;held=!1;return 1}if(t-at<300){taps++;return taps>=3?(taps=0,4):2}held=!0;taps=0;return 3}var T=0;",
    body: "T+=100;ges(!0,T);T+=100;ges(!1,T);ges(!1,T);",
  },
  {
    name: "header encoding",
    setup:
      "var h=new Uint8Array(16);function p4(o,v){h[o]=v&255;h[o+1]=v>>8&255;h[o+2]=v>>16&255;h[o+3]=v>>>24}function g4(o){return(h[o]|h[o+1]<<8|h[o+2]<<16|h[o+3]<<24)>>>0}",
    body: "p4(0,305419896);p4(4,7);g4(0)+g4(4);",
  },
  {
    name: "record scan",
    setup:
      "var rs=[{id:1,len:40,ok:!0},{id:2,len:0,ok:!1},{id:3,len:12,ok:!0},{id:4,len:90,ok:!0}];function ls(m){for(var b=null,i=0;i<rs.length;i++){var r=rs[i];if(!r.ok||r.len===0)continue;if(r.len<=m&&(b===null||r.len>b.len))b=r}return b?b.id:-1}",
    body: "ls(50);",
  },
  {
    name: "guarded callback making a closure",
    setup: "var pend=null,er=0;function later(f){pend=f}function job(x){try{later(function(){if(pend){pend=null;x.n+=1}})}catch(e){er++}}var X={n:0};",
    body: "job(X);pend();",
  },
  {
    name: "prototype object",
    setup:
      "function R(n){this.b=new Uint8Array(n);this.h=0;this.n=n}R.prototype.put=function(v){this.b[this.h]=v;this.h=(this.h+1)%this.n};R.prototype.get=function(i){return this.b[(this.h+i)%this.n]};var k=new R(8);",
    body: "k.put(3);k.put(4);k.get(-1+8);",
  },
  {
    name: "options object and text",
    setup: "var log='';function cfg(o){var a=o.freq||0,b=o.duty===undefined?128:o.duty;log='f='+a+' d='+b;return a*b}",
    body: "cfg({freq:440,duty:60});cfg({freq:880});",
  },
  {
    name: "bit loop",
    setup: "function crc(b){var c=b,k;for(k=0;k<8;k++)c=c&1?3988292384^c>>>1:c>>>1;return c}",
    body: "crc(165);",
  },
];
