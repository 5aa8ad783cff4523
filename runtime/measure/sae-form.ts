/** `sae.json` as it is read: that it has the form which commands, the table and the report go by. */
import type { Told } from "../store/told";
import { READ_POSITIONS, SAE_FORMAT, SAE_VERSION, type SaeComparison } from "./sae-result";

const optional = (told: Told, check: (told: Told) => unknown) => (told.absent ? undefined : check(told));
/** A number, or null where there was nothing to take it of. */
const numberOrNull = (told: Told) => (told.json() === null ? null : told.number());
const texts = (told: Told) => told.list().map((one) => one.text());

function overlap(told: Told): void {
  told.at("shared").whole();
  for (const key of ["precision", "recall", "f1", "jaccard", "matthews"]) told.at(key).number();
}

function feature(told: Told): void {
  for (const key of ["feature", "fires"]) told.at(key).whole();
  overlap(told);
}

function union(told: Told): void {
  for (const part of told.at("parts").list()) part.whole();
  for (const key of ["tokens", "shared"]) told.at(key).whole();
  for (const key of ["f1", "greedyF1"]) told.at(key).number();
}

function role(told: Told): void {
  told.at("name").text();
  told.at("f1").number();
}

function cluster(told: Told): void {
  told.at("cluster").whole();
  told.at("size").whole(1);
  if (told.at("best").json() !== null) feature(told.at("best"));
  optional(told.at("bestByMatthews"), feature);
  for (const key of ["mean", "p95", "p99", "p", "free", "exchanged"]) told.at("chance").at(key).number();
  const token = told.at("token");
  for (const key of ["id", "tokens"]) token.at(key).whole();
  token.at("as").choice(["target", "input"]);
  overlap(token);
  for (const key of ["above95", "above99", "aboveToken"]) told.at(key).flag();
  union(told.at("union"));
  union(told.at("tokenUnion"));
  optional(told.at("role"), role);
  optional(told.at("featureRole"), role);
}

function headline(told: Told): void {
  const rows = told.list();
  if (rows.length === 0) told.refuse("at least one row");
  for (const row of rows) {
    row.at("minF1").number();
    for (const key of ["above95", "above99"]) row.at(key).whole();
    for (const key of ["share95", "share99"]) numberOrNull(row.at(key));
  }
}

function match(told: Told): void {
  for (const key of ["tokens", "features", "clustered", "permutations", "seed", "above95", "aboveToken"])
    told.at(key).whole();
  const strata = told.at("strata");
  strata.at("by").choice(["target", "input", "both"]);
  for (const key of ["least", "count", "fixed"]) strata.at(key).whole();
  strata.at("onePosition").number();
  for (const key of ["free", "exchanged"]) numberOrNull(strata.at(key));
  told.at("clusters").list().forEach(cluster);
  headline(told.at("headline"));
  for (const key of ["matched", "clusters"]) told.at("paper").at(key).whole();
  for (const point of told.at("curve").list())
    for (const key of ["cut", "features", "chance", "chance95", "tokens", "unions", "tokenUnions"])
      point.at(key).number();
  for (const bin of told.at("bySize").list())
    for (const key of ["from", "to", "clusters", "medianF1", "medianTokenF1", "p95", "p99"]) bin.at(key).number();
  const other = told.at("otherDirection");
  for (const key of ["minFires", "counted", "neverFire", "above95"]) other.at(key).whole();
  numberOrNull(other.at("share95"));
  for (const point of other.at("curve").list()) {
    point.at("cut").number();
    for (const key of ["share", "chance"]) numberOrNull(point.at(key));
  }
  for (const one of other.at("matches").list()) {
    feature(one);
    one.at("cluster").whole();
    one.at("p").number();
  }
  texts(told.at("said"));
}

function comparison(told: Told): void {
  const sae = told.at("sae");
  for (const key of ["name", "format", "architecture"]) sae.at(key).text();
  for (const key of ["features", "width"]) sae.at(key).whole(1);
  for (const key of ["model", "hook"]) told.at(key).text();
  told.at("at").choice(READ_POSITIONS);
  for (const key of ["active", "l0"]) told.at(key).number();
  told.at("labels").hash();
  for (const key of ["noActivation", "rowStart"]) told.at("leftOut").at(key).whole();
  for (const [, name] of told.at("tokenNames").entries()) name.text();
  texts(told.at("notes"));
  match(told.at("match"));
  for (const draw of told.at("random").list()) {
    draw.at("l0").number();
    headline(draw.at("headline"));
    for (const share of draw.at("shares").list()) share.number();
  }
}

/** Comparisons of this version. @throws SpectroscopeError naming file and key */
export function parseComparisons(told: Told): readonly SaeComparison[] {
  const { format, version } = told.object();
  if (format !== SAE_FORMAT || version !== SAE_VERSION)
    return told.refuse(
      `format ${SAE_FORMAT} of version ${SAE_VERSION} (it is ${JSON.stringify(format)} ${JSON.stringify(version)})`,
    );
  const list = told.at("comparisons");
  list.list().forEach(comparison);
  return list.json() as unknown as readonly SaeComparison[];
}
