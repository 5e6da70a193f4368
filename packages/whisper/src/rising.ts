/** Passes on only what is higher than before. */
export function rising(onProgress: ((ratio: number) => void) | undefined): (ratio: number) => void {
  let highest = -1;
  return (ratio) => {
    if (ratio <= highest) return;
    highest = ratio;
    onProgress?.(ratio);
  };
}
