/** Whether the chains can be believed: traces of phi, rise and R-hat of every component. */
import type { ComponentDiagnostics } from "../../runtime/measure/report-data";
import { count, fixed, percent, significant } from "./format";
import { html, type Markup } from "./html";
import { traceChart } from "./svg";
import type { ReportView } from "./view";

/** Above it chains are said to disagree: the customary bound. */
export const R_HAT_BOUND = 1.1;

/** Mean rise above which a chain is said to be far from the trained weights, nats. */
const HIGH_RISE = 0.5;

/** R-hat in plain words. */
export function judge(rHat: number | undefined): { words: string; flagged: boolean } {
  if (rHat === undefined) return { words: "agreement not known", flagged: false };
  if (!Number.isFinite(rHat)) return { words: "not finite", flagged: true };
  if (rHat > 1.5) return { words: "chains far apart", flagged: true };
  if (rHat > R_HAT_BOUND) return { words: "chains disagree", flagged: true };
  if (rHat > 1.03) return { words: "chains agree", flagged: false };
  return { words: "chains agree well", flagged: false };
}

function panel(component: ComponentDiagnostics): Markup {
  const { words, flagged } = judge(component.rHat);
  const { chart, low, high } = traceChart(component.traces);
  const { llc, effectiveDraws, lag1, acceptance, stepError, temperature } = component;
  return html`<figure class="panel${flagged && " flagged"}"><figcaption><b>${component.name}</b><span${flagged && html` class="tag warn"`}>${words}</span></figcaption>
<div class="plot"><span>${significant(high, 2)}</span>${chart}<span>${significant(low, 2)}</span></div>
<dl><dt>mean rise</dt><dd>${significant(component.meanRise)} nats</dd><dt>R-hat</dt><dd>${component.rHat === undefined ? "not known" : fixed(component.rHat, 3)}</dd>${
    effectiveDraws !== undefined &&
    html`<dt title="bulk effective sample size, all chains">effective draws</dt><dd>${count(Math.round(effectiveDraws))}</dd>`
  }${lag1 !== undefined && html`<dt title="correlation of a draw with the one before it">lag 1</dt><dd>${fixed(lag1, 2)}</dd>`}${
    acceptance !== undefined &&
    html`<dt title="acceptance that Metropolis and Hastings would give these steps">acceptance</dt><dd>${percent(acceptance)}</dd>`
  }${
    stepError !== undefined &&
    html`<dt title="log acceptance ratio a weight; 0.25 stands for a variance 1.3 times the posterior's">step error</dt><dd>${significant(stepError, 2)}</dd>`
  }${
    temperature !== undefined &&
    html`<dt title="mean square of BAOAB's momenta after a kick; 1 in equilibrium, above it gradients are noisy or steps too large">kinetic temperature</dt><dd>${fixed(temperature, 3)}</dd>`
  }${llc && html`<dt title="local learning coefficient">LLC</dt><dd>${significant(llc.value)} ± ${significant(llc.error, 2)}</dd>`}<dt>weights</dt><dd>${count(component.weights)}</dd><dt>lr</dt><dd>${significant(component.lr)}</dd></dl></figure>`;
}

/** The section of chains. */
export function diagnostics(view: ReportView): Markup {
  const { components } = view.data;
  const flagged = components.filter(({ rHat }) => judge(rHat).flagged);
  const judged = components.filter(({ rHat }) => rHat !== undefined);
  const verdict =
    components.length === 0
      ? html`<p class="lead">No component was sampled.</p>`
      : flagged.length > 0
        ? html`<p class="callout"><b>${flagged.length} of ${components.length} components have chains that disagree</b> (R-hat above ${R_HAT_BOUND}): ${flagged.map(({ name }) => name).join(", ")}. Read their columns of chi with care; a longer burn-in, more draws or a smaller lr may help.</p>`
        : judged.length === components.length
          ? html`<p class="lead">In every component the chains agree (R-hat at most ${R_HAT_BOUND}).</p>`
          : html`<p class="callout">${components.length - judged.length} of ${components.length} components have too few chains or draws to tell whether chains agree.</p>`;
  const far = components.filter(({ meanRise }) => !(meanRise <= HIGH_RISE)).map(({ name }) => name);
  const level =
    far.length > 0 &&
    html`<p class="callout"><b>${far.length} of ${components.length} components lie more than ${HIGH_RISE} nats above the trained model</b>: ${far.join(", ")}. R-hat knows agreement, not sense: chains that have left agree too.</p>`;
  return html`<section id="diagnostics"><h2>Diagnostics</h2>${verdict}${level}<p class="note">Each panel is one component's run: phi, the rise of the loss over the trained weights in nats, at every draw, a line per chain; the dashed line is no rise. Lines should look like one another and have no trend. R-hat compares the spread between chains with the spread within them: 1 is agreement.</p><div class="panels">${components.map(panel)}</div></section>`;
}
