// One step of the encoder's search, which capture.c tells about: from the ways up to the sample before to those up to this one.
// In assembly because it takes most of a recording's time: the compiler needs half as much again.
//   Way *search(Search *search, int sample)
// Returns the best way up to this sample, and leaves it in `search`. See Way and Search in capture.c.
  .syntax unified
  .thumb

// A way is given up when it costs more than the best one and this part of its step squared: 1/8. Others are built only to
// measure the price of the search (tools/kernel/frontier.ts).
#ifndef PRUNE_SHIFT
#define PRUNE_SHIFT 3
#endif

  // A way: how it leads to its sample ...
  .equ COST, 0
  .equ INDEX, 8 // twice the step index
  // ... and what follows from that: four words of nibbles, newest first; four decoded samples, oldest first.
  .equ PATH, 20
  .equ WAY_SHIFT, 6
  .equ SLOTS_SHIFT, 3
  .equ LAST_INDEX, 2 * 88

  .equ STEPS, 4 * 8 + 2 * (1 << (WAY_SHIFT + SLOTS_SHIFT)) // in Search: the step table, after eight words and both generations of ways

  // On the stack
  .equ STEPS_AT, 0
  .equ LEAST, 4
  .equ AIM, 8
  .equ WAYS_AT, 12
  .equ BEST, 16

  // Gives the slot of index r3 to the way by nibble r4 that moves by r2, if that is cheaper. Uses r0, r1, r6.
  .macro offer
  subs r1, r7, r2
  muls r1, r1, r1
  add r1, r10
  lsls r0, r3, #31 - SLOTS_SHIFT
  lsrs r0, r0, #32 - SLOTS_SHIFT - WAY_SHIFT
  add r0, r8
  ldr r6, [r0, #COST]
  cmp r1, r6
  bhs 9f
  mov r6, r12
  stmia r0!, {r1, r2, r3, r4, r6}
  cmp r1, r9
  bhs 9f
  mov r9, r1
  str r0, [sp, #BEST]
9:
  .endm

  .section .text.search, "ax", %progbits
  .global search
  .type search, %function
  .thumb_func
search:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r2, r4-r7}
  // The error filter on the samples before this one, which move up by one.
  mov r10, r0
  ldmia r0!, {r2, r3, r4, r5}
  subs r5, r4, r5
  subs r6, r2, r3
  adds r6, r6, r5
  lsls r6, r6, #2
  subs r6, r6, r5
  lsls r5, r1, #4
  adds r6, r6, r5
  adds r6, r6, #8
  subs r0, r0, #16
  stmia r0!, {r1, r2, r3, r4}
  ldmia r0!, {r1, r2, r3}
  movs r7, r0
  subs r7, r7, #8
  str r3, [r7]
  str r2, [r7, #4]
  mov r8, r3
  movs r0, #0
  mvns r0, r0
  mov r9, r0
  .rept 4
  str r0, [r3, #COST]
  str r0, [r3, #COST + (1 << WAY_SHIFT)]
  adds r3, r3, #2 << WAY_SHIFT
  .endr
  ldr r5, [r1, #COST]
  movs r4, #STEPS / 8
  lsls r4, r4, #3
  add r4, r10
  push {r4-r7}
  movs r0, r2
  movs r1, #1 << SLOTS_SHIFT
  lsls r1, r1, #WAY_SHIFT
  adds r1, r1, r0
  mov r11, r1
  // r0, later r12: way; r8: next; r9: its least cost; r10: the way's cost; r11: the end of the ways
follow:
  mov r12, r0
  ldmia r0!, {r1, r2, r3, r4, r6}
  // Is it given up?
  ldr r7, [sp, #LEAST]
  subs r1, r1, r7
  ldr r7, [sp, #STEPS_AT]
  ldrh r5, [r7, r3]
  movs r7, r5
  muls r7, r5, r7
  lsrs r7, r7, #PRUNE_SHIFT
  cmp r1, r7
  bls 1f
done:
  mov r0, r12
  adds r0, r0, #1 << WAY_SHIFT
  cmp r0, r11
  bne follow
  b end
1:
  mov r10, r1
  // Its nibble and its sample, after those of its parent.
  lsls r4, r4, #28
  bpl 2f
  negs r2, r2
2:
  adds r6, r6, #PATH
  ldmia r6!, {r1, r3, r5, r7}
  lsrs r1, r1, #4
  orrs r1, r1, r4
  stmia r0!, {r1, r3, r5, r7}
  adds r6, r6, #4
  ldmia r6!, {r1, r3, r4}
  adds r7, r4, r2
  sxth r6, r7
  cmp r6, r7
  beq 3f
  asrs r6, r7, #31
  ldr r7, largest
  eors r7, r7, r6
3:
  stmia r0!, {r1, r3, r4, r7}
  // What is left to the aim: r7, with the sign in bit 3 of r4.
  subs r3, r3, r1
  subs r4, r7, r4
  adds r4, r4, r3
  lsls r4, r4, #2
  subs r4, r4, r3
  ldr r1, [sp, #AIM]
  subs r1, r1, r4
  asrs r1, r1, #4
  movs r4, #0
  subs r7, r1, r7
  bpl 4f
  negs r7, r7
  movs r4, #8
4:
  mov r0, r12
  ldr r3, [r0, #INDEX]
  ldr r0, [sp, #STEPS_AT]
  ldrh r5, [r0, r3]
  // Of the magnitudes that lower the index, 0 to 3, only the nearest: they differ in nothing else. None from 5 on.
  lsrs r0, r5, #2
  adds r1, r5, r0
  cmp r7, r1
  bge higher
  subs r3, r3, #2
  bpl 5f
  movs r3, #0
5:
  lsrs r2, r5, #3
  movs r1, r7
  lsrs r6, r5, #1
  cmp r1, r6
  blt 6f
  subs r1, r1, r6
  adds r2, r2, r6
  adds r4, r4, #2
6:
  cmp r1, r0
  blt 7f
  adds r2, r2, r0
  adds r4, r4, #1
7:
  offer
  // Only 3 has a neighbour that raises it.
  mvns r0, r4
  lsls r0, r0, #30
  bne done
  mov r0, r12
  ldr r3, [r0, #INDEX]
  subs r4, r4, #3
higher:
  // Of 4 to 7 all up to one and a half quarters of a step farther: lr.
  lsrs r1, r5, #2
  lsrs r2, r5, #3
  adds r1, r1, r2
  adds r1, r1, r7
  mov lr, r1
  adds r2, r2, r5
  adds r4, r4, #4
raise:
  adds r3, r3, #4
  cmp r3, #LAST_INDEX
  ble 2f
  movs r3, #LAST_INDEX
2:
  cmp r2, lr
  bgt done
  offer
  adds r4, r4, #1
  lsls r0, r4, #29
  beq done
  // A quarter more, or to an even one what then makes half a step.
  lsrs r0, r5, #2
  lsrs r1, r4, #1
  bcs 3f
  lsrs r1, r5, #1
  subs r0, r1, r0
3:
  adds r2, r2, r0
  b raise
end:
  add sp, sp, #12
  pop {r3, r4}
  movs r0, r4
  subs r0, r0, #PATH
  subs r3, r3, #4
  str r0, [r3]
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
  .align 2
largest:
  .word 0x7fff
  .size search, . - search
