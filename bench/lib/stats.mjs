/** Of an odd or even number of values. */
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median with the range that was seen: what a figure of a noisy machine needs beside it. */
export const spread = (values) => ({ median: median(values), low: Math.min(...values), high: Math.max(...values), runs: values.length })

export const round = (value, digits = 2) => (value === undefined ? undefined : Number(value.toFixed(digits)))
