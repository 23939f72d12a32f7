// The small ports: paw, heart, power, entropy, system.

import type { Entropy, Heart, Paw, Power, System } from "../contract.ts";

export interface MockPaw extends Paw {
  set(pressed: boolean, atMs: number): void;
}

export function mockPaw(): MockPaw {
  let isDown = false;
  let listener: ((pressed: boolean, atMs: number) => void) | undefined;
  return {
    isPressed: () => isDown,
    listen(onChange) {
      listener = onChange;
    },
    set(pressed, atMs) {
      isDown = pressed;
      listener?.(pressed, atMs);
    },
  };
}

export interface MockHeart extends Heart {
  level: number;
}

export function mockHeart(): MockHeart {
  const heart: MockHeart = {
    level: 0,
    glow(level) {
      heart.level = level;
    },
  };
  return heart;
}

export interface MockPower extends Power {
  millivolts: number;
}

export function mockPower(millivolts: number): MockPower {
  const power: MockPower = { millivolts, batteryMillivolts: () => power.millivolts };
  return power;
}

/** Words that follow from a seed; roots that do not. */
export function mockEntropy(seed = 1): Entropy {
  let state = seed;
  return {
    word() {
      state = (state * 1664525 + 1013904223) % 0x100000000;
      return state;
    },
    root: (index) => 0x9e3779b9 >>> index,
  };
}

export interface MockSystem extends System {
  /** Asked for so far: the program that asked goes on here. */
  reboots: number;
}

export function mockSystem(): MockSystem {
  const system: MockSystem = {
    reboots: 0,
    reboot() {
      system.reboots++;
    },
  };
  return system;
}
