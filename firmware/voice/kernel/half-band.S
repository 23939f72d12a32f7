// The half-band filter that both directions share, as two branches of two all-pass sections (Valenzuela and Constantinides
// 1983): pass band to 3600 Hz, stop band from 4400 Hz at 16 kHz, 53 dB. In C:
//   void half_band(int *state, int early, int late)
// state[0..2] is the early branch: last input, last output of each section; state[3..5] the late one. Coefficients in 1/8192.
  .syntax unified
  .thumb
  .section .text.half_band, "ax", %progbits
  .global half_band
  .type half_band, %function
  .thumb_func
half_band:
  push {r4-r7, lr}
  ldr r3, early
  bl branch
  movs r1, r2
  ldr r3, late
  bl branch
  pop {r4-r7, pc}
branch:
  ldr r4, [r0]
  ldr r5, [r0, #4]
  uxth r7, r3
  subs r6, r1, r5
  muls r7, r6, r7
  asrs r7, r7, #13
  adds r4, r4, r7
  ldr r6, [r0, #8]
  lsrs r3, r3, #16
  subs r6, r4, r6
  muls r3, r6, r3
  asrs r3, r3, #13
  adds r5, r5, r3
  stmia r0!, {r1, r4, r5}
  bx lr
  .align 2
early:
  .hword 989, 5433
late:
  .hword 3198, 7297
  .size half_band, . - half_band
