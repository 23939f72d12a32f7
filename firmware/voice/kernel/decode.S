// The ADPCM decoder, under 40 instructions per sample, where the compiler needs 50. In C:
//   void decode(int *state)
// puts the next sample of the block that RENDER_BLOCK points to into DECODED. Sample 0 is in the block's header, with the step index;
// the others are nibbles after it, low half of a byte first.
  .syntax unified
  .thumb
  // render.c's words, in bytes
  .equ BLOCK, 4 * 3
  .equ POSITION, 4 * 5
  .equ DECODED, 4 * 9
  .equ INDEX, 4 * 10 // twice the step index
  .equ STEPS, 4 * 31 // made by render
  .equ LAST_INDEX, 2 * 88

  .section .text.decode, "ax", %progbits
  .global decode
  .type decode, %function
  .thumb_func
decode:
  push {r4, r5, lr}
  ldr r1, [r0, #POSITION]
  adds r2, r1, #1
  str r2, [r0, #POSITION]
  ldr r4, [r0, #BLOCK]
  subs r1, r1, #1
  bmi header
  lsrs r1, r1, #1
  add r1, r4 // keeps the carry: the high half
  ldrb r4, [r1, #4]
  bcc 1f
  lsrs r4, r4, #4
1:
  lsls r4, r4, #28
  ldr r2, [r0, #INDEX]
  movs r1, r0
  adds r1, r1, #STEPS
  ldrh r1, [r1, r2]
  lsrs r3, r1, #3
  lsls r5, r4, #1
  bmi rise
  subs r2, r2, #2
  bpl 2f
  movs r2, #0
2:
  lsrs r1, r1, #1
  lsls r5, r4, #2
  bpl 3f
  adds r3, r3, r1
3:
  lsrs r1, r1, #1
  lsls r5, r4, #3
  bpl 4f
  adds r3, r3, r1
4:
  ldr r1, [r0, #DECODED]
  cmp r4, #0
  bpl 5f
  negs r3, r3
5:
  adds r1, r1, r3
  sxth r3, r1
  cmp r1, r3
  beq store
  asrs r3, r1, #31
  ldr r1, largest
  eors r3, r3, r1
store:
  str r3, [r0, #DECODED]
  str r2, [r0, #INDEX]
  pop {r4, r5, pc}
rise:
  // Magnitudes 4 to 7 raise the index by 2, 4, 6, 8.
  adds r3, r3, r1
  lsls r5, r4, #2
  lsrs r5, r5, #30
  adds r5, r5, #1
  lsls r5, r5, #2
  adds r2, r2, r5
  cmp r2, #LAST_INDEX
  ble 2b
  movs r2, #LAST_INDEX
  b 2b
header:
  movs r2, #0
  ldrsh r3, [r4, r2]
  ldrb r2, [r4, #2]
  lsls r2, r2, #1
  cmp r2, #LAST_INDEX
  ble store
  movs r2, #LAST_INDEX
  b store
  .align 2
largest:
  .word 0x7fff
  .size decode, . - decode
