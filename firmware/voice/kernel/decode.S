// The inner loop of the ADPCM decoder: under 40 instructions per sample, where the compiler needs 50. In C:
//   void decode_nibbles(int *state, short *samples, const unsigned char *block, unsigned numbers)
// state[0] is the last sample, state[1] the step index (render.c's DECODED and INDEX); `numbers` holds the first nibble's
// number, counted from the block's first byte, low half first, and above it that of the one after the last.
  .syntax unified
  .thumb
  .section .text.decode_nibbles, "ax", %progbits
  .global decode_nibbles
  .type decode_nibbles, %function
  .thumb_func
decode_nibbles:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  mov r11, r0
  lsrs r4, r3, #16
  mov r9, r4
  uxth r7, r3
  ldr r4, [r0]
  mov r8, r4
  ldr r6, [r0, #4]
  movs r0, r1
  movs r1, r2
  ldr r2, steps
here:
  add r2, pc
  // r0 samples, r1 block, r2 STEPS, r6 index, r7 number, r8 last sample, r9 end, r11 state
next:
  lsrs r3, r7, #1
  ldrb r4, [r1, r3]
  bcc low
  lsrs r4, r4, #4
low:
  lsls r4, r4, #28
  mov r10, r4
  lsls r3, r6, #1
  ldrh r3, [r2, r3]
  lsrs r5, r3, #3
  lsls r4, r4, #1
  bmi rise
  subs r6, #1
  bmi lowest
fall:
  lsrs r3, r3, #1
  lsls r4, r4, #1
  bpl 1f
  adds r5, r5, r3
1:
  lsrs r3, r3, #1
  lsls r4, r4, #1
  bpl sum
  adds r5, r5, r3
sum:
  mov r3, r8
  mov r4, r10
  cmp r4, #0
  bmi down
  adds r3, r3, r5
  b moved
down:
  subs r3, r3, r5
moved:
  sxth r5, r3
  cmp r5, r3
  bne saturate
store:
  strh r5, [r0]
  adds r0, #2
  mov r8, r5
  adds r7, #1
  cmp r7, r9
  bne next
  mov r0, r11
  mov r4, r8
  str r4, [r0]
  str r6, [r0, #4]
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
rise:
  // Magnitudes 4 to 7 raise the index by 2, 4, 6, 8.
  adds r5, r5, r3
  adds r6, #2
  lsrs r3, r3, #1
  lsls r4, r4, #1
  bpl 1f
  adds r5, r5, r3
  adds r6, #4
1:
  lsrs r3, r3, #1
  lsls r4, r4, #1
  bpl 1f
  adds r5, r5, r3
  adds r6, #2
1:
  cmp r6, #88
  ble sum
  movs r6, #88
  b sum
lowest:
  movs r6, #0
  b fall
saturate:
  // 0x7fff for what is above, 0x8000 as a signed word for what is below.
  asrs r3, r3, #31
  ldr r5, largest
  eors r5, r5, r3
  b store
  .align 2
steps:
  .word STEPS - (here + 4)
largest:
  .word 0x7fff
  .size decode_nibbles, . - decode_nibbles
