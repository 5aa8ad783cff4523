/**
 * Draws the share curves of docs/modes.md: `node docs/pictures/modes.mjs`. The numbers are those of `npx spectroscope modes` on
 * nano's default run (model law, without the noise of chains), in percent by the number of modes k.
 */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { legend, panel, picture } from "./svg.mjs";

const K = [1, 2, 3, 4, 5, 6, 8, 10, 12, 13, 14, 15, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 104];
const FIRST = K.slice(0, 13);
const CURVES = [
  {
    ...{ name: "modes, largest s first", color: 0, look: "bold", k: K },
    shares: [
      ...[0, 2.7, 3.7, 4, 4.3, 5.8, 7.8, 12.5, 18.4, 21.1, 30.7, 30.9, 32.1, 35.6, 39, 42.5, 44.5, 47.1, 49.7, 51.2],
      ...[55.6, 56.3, 56.9],
    ],
  },
  {
    ...{ name: "random order", color: 8, k: K },
    shares: [
      ...[0, 0.7, 0.9, 1.3, 1.9, 2, 3.9, 5.1, 5.6, 5.9, 6.4, 6.6, 6.8, 8.8, 10.9, 12.5, 14.7, 18.2, 21.7, 25.3, 29.5],
      ...[39.5, 56.9],
    ],
  },
  {
    ...{ name: "random bases", color: 8, look: "dash", k: FIRST },
    shares: [0, 0.2, 0.3, 0.5, 0.7, 0.9, 1.3, 1.6, 2, 2.2, 2.3, 2.5, 2.7],
  },
  {
    ...{ name: "best bases", color: 1, k: FIRST },
    shares: [24.8, 41.6, 49.3, 52.4, 56, 58.8, 63.7, 66.2, 69.7, 70.5, 71.5, 73.1, 74],
  },
  {
    ...{ name: "PCA", color: 1, look: "dash", k: K.slice(0, 22) },
    shares: [
      ...[
        45.1, 50.2, 54, 58.2, 60.6, 64.8, 67.9, 70.9, 72.8, 73.5, 74.8, 75.9, 76.6, 81.2, 83.8, 86, 87, 91.3, 95, 97.7,
      ],
      ...[98.9, 100],
    ],
  },
];
/** One error of the modes' share. */
const ERRORS = [
  ...[0, 0.7, 0.6, 1, 0.9, 1.2, 1.2, 2.3, 3.3, 3.1, 3.4, 3.4, 3.2, 3.1, 2.5, 2.5, 2.5, 2.3, 2.1, 2, 1.8, 1.7, 1.8],
];

const [modes] = CURVES;
const svg = picture({
  width: 620,
  height: 350,
  description:
    "Share of the variance of nano's chi in the first k modes of the data: 32 % at 16 and 57 % at all 104, above random orders and bases, below the best functions, 74 % at 16",
  parts: [
    panel({
      ...{
        left: 62,
        top: 52,
        width: 530,
        height: 240,
        title: "Share of the variance that chains agree about, in the first k",
      },
      x: { domain: [1, 104], log: true, ticks: [1, 2, 4, 8, 16, 32, 64, 104], label: "k, functions on either side" },
      y: { domain: [0, 100], ticks: [0, 25, 50, 75, 100], names: ["0", "25 %", "50 %", "75 %", "100 %"] },
      marks: [
        ...CURVES.map(({ k, shares, color, look }) => ({
          ...{ kind: "line", color, look, at: shares.map((share, i) => [k[i], share]) },
        })),
        {
          ...{ kind: "whiskers", color: 0 },
          at: ERRORS.map((error, i) => [modes.k[i], modes.shares[i] - error, modes.shares[i] + error]),
        },
      ],
    }),
    legend(62, 22, CURVES),
  ],
});
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "modes-shares.svg"), svg);
