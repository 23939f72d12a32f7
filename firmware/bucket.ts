// A leaky bucket: so many at once, then one in so long. What wears the flash, or tries the toy's patience, is bounded by one.

export interface Bucket {
  left: number;
  /** Until when what comes back has been counted. */
  atMs: number;
}

/** What is left by now, of `most`, when one comes back in each `stepMs`. */
export function refill(bucket: Bucket, nowMs: number, most: number, stepMs: number): number {
  const earned = Math.floor((nowMs - bucket.atMs) / stepMs);
  bucket.atMs += earned * stepMs;
  bucket.left = Math.min(most, bucket.left + earned);
  return bucket.left;
}
