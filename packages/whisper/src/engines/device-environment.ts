/** How an engine is told its device: `cpu` takes all cards away, a UUID leaves one. */
export function deviceEnvironment(device: string | undefined): Readonly<Record<string, string>> {
  if (device === undefined) return {};
  return { CUDA_VISIBLE_DEVICES: device === 'cpu' ? '' : device };
}
