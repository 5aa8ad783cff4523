import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { normalQuantile, studentQuantile } from "./quantiles";

const test = suite("runtime/susceptibility/quantiles");

// scipy 1.17.1: stats.norm.ppf.
const normal: [number, number][] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-9, -5.9978070150076865],
  [0.0001, -3.7190164854556804],
  [0.01, -2.3263478740408408],
  [0.05, -1.6448536269514729],
  [0.25, -0.6744897501960817],
  [0.4, -0.2533471031357997],
  [0.75, 0.6744897501960817],
  [0.975, 1.959963984540054],
];

// scipy 1.17.1: stats.t.ppf, at degrees by rows and these probabilities.
const probabilities = [0.6, 0.9, 0.975, 0.995, 0.9999, 1 - 1e-6];
const student: [number, number[]][] = [
  [
    1,
    [
      0.32491969623290634, 3.0776835371752544, 12.706204736174694, 63.656741162871526, 3183.098757118502,
      318309.88617359026,
    ],
  ],
  [
    2,
    [
      0.2886751345948128, 1.8856180831641272, 4.302652729749462, 9.924843200918287, 70.70007107496818,
      707.1057205157672,
    ],
  ],
  [
    3,
    [0.2766706623326898, 1.637744353696209, 3.1824463052837078, 5.840909309733355, 22.203742273205, 103.29946777942898],
  ],
  [
    4,
    [
      0.2707222947075976, 1.533206274058944, 2.7764451051977934, 4.604094871349992, 13.033671720896821,
      41.5778541501515,
    ],
  ],
  [
    7,
    [
      0.2631668613520229, 1.4149239276505086, 2.364624251592784, 3.4994832973504924, 7.063432828157639,
      14.241469651921154,
    ],
  ],
  [
    10,
    [0.2601848294920803, 1.372183641110336, 2.228138851986274, 3.16927267261695, 5.693820101457592, 9.751995490909856],
  ],
  [
    31,
    [0.2555321683175276, 1.3094635494946454, 2.039513446396408, 2.744041919294269, 4.215502580843758, 5.82860180388959],
  ],
  [
    100,
    [
      0.25402218245822766, 1.290074761346516, 1.9839715185235518, 2.6258905214380173, 3.861599790950091,
      5.048830877221446,
    ],
  ],
  [
    200,
    [
      0.25368437919014747, 1.2857987939948012, 1.9718962236339088, 2.600634436191558, 3.789120788747759,
      4.897302102820449,
    ],
  ],
  [
    201,
    [
      0.25368269988916703, 1.2857775925323176, 1.971836506779859, 2.6005099190831933, 3.7887662069769807,
      4.896567719178489,
    ],
  ],
  [
    500,
    [
      0.2534819498516658, 1.2832470207103743, 1.9647198374673676, 2.5856978351419415, 3.746778899057784,
      4.8100851616316405,
    ],
  ],
  [
    1000,
    [
      0.25341451583949876, 1.2823987214609247, 1.9623390808264083, 2.580754698065951, 3.7328516045753966,
      4.781608620452439,
    ],
  ],
  [
    1001,
    [
      0.25341444848349826, 1.2823978745810514, 1.9623367052808798, 2.5807497687505245, 3.732837737396866,
      4.781580319032728,
    ],
  ],
  [
    10000,
    [
      0.253353843445727, 1.2816362297304775, 1.960201239890626, 2.5763210466685282, 3.7203958691176684,
      4.756229685050958,
    ],
  ],
];

test("the normal quantile is scipy's, and odd about 1/2", (t) => {
  let worst = 0;
  for (const [p, expected] of normal) worst = Math.max(worst, Math.abs(normalQuantile(p) / expected - 1));
  t.note(`largest relative error ${worst.toExponential(1)}`);
  // The distribution function is good to 1e-14 relatively, and its logarithm's slope is at least 1 here.
  assert.ok(worst < 1e-13, `${worst}`);
  assert.is(normalQuantile(0.5), 0);
  assert.is(normalQuantile(0.75), -normalQuantile(0.25));
  assert.is(normalQuantile(0), Number.NEGATIVE_INFINITY);
  assert.is(normalQuantile(1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(normalQuantile(1.1)) && Number.isNaN(normalQuantile(Number.NaN)));
});

test("quantiles of Student's t are scipy's, by the series and by the expansion", (t) => {
  let worst = 0;
  let where = "";
  for (const [degrees, row] of student) {
    for (const [i, expected] of row.entries()) {
      const error = Math.abs(studentQuantile(probabilities[i], degrees) / expected - 1);
      if (error > worst) [worst, where] = [error, `p ${probabilities[i]}, ${degrees} degrees`];
    }
  }
  t.note(`largest relative error ${worst.toExponential(1)} at ${where}`);
  // What the docstring promises; the probability itself carries 1e-16 of 1e-6.
  assert.ok(worst < 1e-9, `${worst} at ${where}`);
});

test("closed cases: 1 degree is Cauchy's tangent, 2 degrees an algebraic one, and the sides are odd", () => {
  for (const p of [0.51, 0.7, 0.975]) {
    assert.ok(Math.abs(studentQuantile(p, 1) - Math.tan(Math.PI * (p - 0.5))) < 1e-12);
    const algebraic = (2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p)));
    assert.ok(Math.abs(studentQuantile(p, 2) - algebraic) < 1e-12);
    assert.ok(Math.abs(studentQuantile(1 - p, 5) + studentQuantile(p, 5)) < 1e-12);
  }
  assert.is(studentQuantile(0.5, 3), 0);
  assert.is(studentQuantile(1, 3), Number.POSITIVE_INFINITY);
  refusedAtOnce(() => studentQuantile(0.9, 0), /0 degrees of freedom/);
  refusedAtOnce(() => studentQuantile(0.9, 2.5), /2\.5 degrees of freedom/);
});

test.run();
