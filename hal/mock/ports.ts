// The small ports: paw, heart, power.

import type { Heart, Paw, Power } from "../contract.ts";

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
