/** Numbers as text has them: hexadecimal and binary ones, which JavaScript also knows, are a mistake. */

const DECIMAL = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** The number, NaN for any other text. */
export const decimal = (text: string): number => (DECIMAL.test(text) ? Number(text) : Number.NaN);

/** A number of any kind, which no header has. */
export const isNumber = (text: string): boolean => DECIMAL.test(text) || /^[+-]?(inf(inity)?|nan)$/i.test(text);
