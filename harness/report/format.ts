/** Numbers for people: few digits, the same in every locale. */

/** A whole number with thin spaces between thousands. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** `digits` significant digits, with a real minus sign; powers of ten outside 1e-4 to 1e6. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(`${mantissa}e${Number(exponent)}`);
  }
  return minus(Number(value.toPrecision(digits)).toString());
}

/** Fixed decimals, with a real minus sign. */
export function fixed(value: number, decimals = 2): string {
  return Number.isFinite(value) ? minus(value.toFixed(decimals)) : "not finite";
}

/** 0.123 as "12.3 %". */
export function percent(share: number, decimals = 1): string {
  return Number.isFinite(share) ? `${minus((100 * share).toFixed(decimals))}\u2009%` : "not finite";
}

/** Seconds as "0.4 s", "37 s", "4 min 12 s" or "2 h 05 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "not finite";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** "1 cluster", "2 clusters". */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

function minus(text: string): string {
  return text.replaceAll("-", "\u2212");
}
