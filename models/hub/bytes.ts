/** `12.3 MB`, in powers of ten as disks and networks count. */
export function byteCount(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, "GB"] : bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${(bytes / unit).toFixed(bytes >= 100 * unit ? 0 : 1)} ${name}`;
}
