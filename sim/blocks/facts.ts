// Analog and clock facts of the chip that the blocks share: data with sources, no behaviour.
// PS = nRF52840 Product Specification v1.11; values marked "assumed" have no published figure and were not measured by us.

/** Clock of the PWM counters and of the SAADC's sample timer, in ticks per microsecond. PS, PWM and SAADC. */
export const TICKS_PER_US = 16;

/**
 * Effective bits of one single-ended conversion at 12 bits or more, without oversampling: assumed. PS, SAADC, electrical
 * specification: 9 bits differential at gain 1 and 200 ksps, its worst case; about 10 are seen at audio rates.
 */
export const SAADC_EFFECTIVE_BITS = 10;

/** Conversion after acquisition, in microseconds: less than 2. PS, SAADC, tCONV. */
export const SAADC_CONVERSION_US = 2;

/** Internal reference in volts. PS, SAADC. */
export const SAADC_REFERENCE_VOLTS = 0.6;

/** Relative error of the 16 MHz clock: crystal (while the radio keeps it on) and RC oscillator, typical. PS, CLOCK, fTOL. */
export const CRYSTAL_TOLERANCE = 40e-6;
export const RC_OSCILLATOR_TOLERANCE = 0.015;

/**
 * Noise of a conversion, relative to full scale (rms), of which an ideal converter of `effectiveBits` has as much by
 * rounding alone: 2^-bits / sqrt(12). The rounding of the result itself is not in it when `resultBits` is given.
 */
export function conversionNoise(effectiveBits: number, resultBits: number): number {
  return Math.sqrt(Math.max(0, 4 ** -effectiveBits - 4 ** -resultBits) / 12);
}
