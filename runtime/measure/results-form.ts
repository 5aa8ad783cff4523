/** `results.json` and `sensitivity.json` as they are read: that they have the form which commands and the report go by. */
import type { Told } from "../store/told";
import type { Sensitivity } from "./report-data";
import type { Results } from "./results";

/** A number, or null where JSON has none. */
const numberOrNull = (told: Told) => (told.json() === null ? null : told.number());
const optional = (told: Told, check: (told: Told) => unknown) => (told.absent ? undefined : check(told));
const texts = (told: Told) => told.list().map((one) => one.text());
const numbers = (told: Told) => told.list().map((one) => one.number());

function interval(told: Told): void {
  for (const key of ["value", "error", "low", "high"]) numberOrNull(told.at(key));
}

function component(told: Told): void {
  told.at("name").text();
  for (const key of ["weights", "lr", "meanRise"]) told.at(key).number();
  for (const key of ["rHat", "effectiveDraws", "lag1", "acceptance", "stepError", "temperature", "temperatureError"]) {
    optional(told.at(key), (one) => one.number());
  }
  optional(told.at("reliability"), (one) => one.number());
  optional(told.at("llc"), (llc) => [llc.at("value").number(), llc.at("error").number()]);
  optional(told.at("prior"), (prior) => {
    prior.at("meanRise").number();
    optional(prior.at("equalRise"), (equal) => [equal.at("meanRise").number(), numbers(equal.at("localization"))]);
  });
  told.at("traces").list().forEach(numbers);
}

function token(told: Told): void {
  told.at("text").text();
  for (const key of ["sequence", "position"]) told.at(key).whole();
  told.at("loss").number();
  for (const key of ["mode", "role"]) optional(told.at(key), (one) => one.text());
}

function cluster(told: Told): void {
  for (const key of ["id", "seed"]) told.at(key).whole();
  for (const member of told.at("members").list()) member.whole();
  told.at("conductance").number();
  for (const key of ["profile", "profileError"]) numbers(told.at(key));
  optional(told.at("bestRole"), (best) => [best.at("name").text(), best.at("f1").number()]);
  optional(told.at("stability"), (stability) => stability.entries().map(([, value]) => value.number()));
}

function score(told: Told): void {
  told.at("features").text();
  told.at("control").flag();
  for (const key of ["clusters", "covered", "meanBestF1", "rolesAboveHalf", "ariRoles", "ariModes", "nmiRoles"]) {
    told.at(key).number();
  }
  for (const key of ["knnAccuracy", "knnPurity"]) optional(told.at(key), (one) => one.number());
  optional(told.at("drawn"), (drawn) => {
    for (const key of ["chains", "draws", "meanRise"]) drawn.at(key).number();
    optional(drawn.at("reliability"), (one) => one.number());
  });
}

function comparison(told: Told): void {
  for (const key of ["features", "against"]) told.at(key).text();
  for (const key of ["chains", "parts"]) told.at(key).whole();
  numbers(told.at("draws"));
  for (const one of told.at("scores").list()) {
    one.at("measure").text();
    numbers(one.at("means"));
    interval(one.at("difference"));
  }
  texts(told.at("said"));
}

/** Results of this version. @throws SpectroscopeError naming file and key */
export function parseResults(told: Told): Results {
  const model = told.at("model");
  model.at("name").text();
  for (const key of ["parameters", "layers", "heads", "hidden", "vocabulary"]) model.at(key).number();
  told.at("components").list().forEach(component);
  for (const key of ["columns", "starts", "remarks", "advice"]) texts(told.at(key));
  numbers(told.at("reliability"));
  told.at("tokens").list().forEach(token);
  told.at("clusters").list().forEach(cluster);
  told.at("clustering").object();
  optional(told.at("roles"), (one) => one.whole());
  told.at("scores").list().forEach(score);
  told.at("comparisons").list().forEach(comparison);
  return told.object() as unknown as Results;
}

/** @throws SpectroscopeError naming file and key */
export function parseSensitivity(told: Told): Sensitivity {
  for (const row of told.at("rows").list()) {
    row.at("setting").text();
    for (const key of ["medianSpearman", "lowestSpearman", "ari", "clusters"]) row.at(key).number();
    for (const column of row.at("columns").list()) [column.at("name").text(), column.at("spearman").number()];
    numbers(row.at("rise"));
  }
  optional(told.at("flown"), (flown) => flown.list().map((one) => [one.at("setting").text(), one.at("why").text()]));
  return told.object() as unknown as Sensitivity;
}
