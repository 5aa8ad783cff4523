/** `modes.json` as it is read: that it has the form which the report goes by. */
import type { Told } from "../store/told";
import type { LawName, ModeFindings } from "./mode-findings";

const LAWS: readonly LawName[] = ["grammar", "model", "counts"];

const numbers = (told: Told) => told.list().map((one) => one.number());
const numberOrNull = (told: Told) => (told.json() === null ? null : told.number());
const optional = (told: Told, check: (told: Told) => unknown) => (told.absent ? undefined : check(told));

function ends(told: Told): void {
  for (const side of ["positive", "negative"])
    for (const end of told.at(side).list()) {
      end.at("text").text();
      end.at("index").whole();
      end.at("value").number();
    }
}

function curve(told: Told): void {
  numbers(told.at("shares"));
  for (const key of ["low", "high"]) optional(told.at(key), numbers);
  optional(told.at("errors"), (errors) => errors.list().map(numberOrNull));
}

function shares(told: Told): void {
  for (const key of ["modes", "randomOrder", "randomBases", "best", "principal"]) curve(told.at(key));
}

function map(told: Told, cells: number): void {
  told.at("name").text();
  if (numbers(told.at("values")).length !== cells) told.at("values").refuse(`a list of ${cells}`);
  if (told.at("errors").list().map(numberOrNull).length !== cells) told.at("errors").refuse(`a list of ${cells}`);
}

function law(told: Told): void {
  told.at("law").choice(LAWS);
  told.at("source").text();
  for (const key of ["loss", "held"]) told.at(key).number();
  for (const key of ["values", "measured"]) numbers(told.at(key));
  for (const mode of told.at("modes").list()) {
    mode.at("mode").whole();
    mode.at("value").number();
    ends(mode.at("contexts"));
    ends(mode.at("tokens"));
  }
  shares(told.at("plain"));
  optional(told.at("noiseFree"), shares);
  for (const band of told.at("bands").list()) {
    for (const key of ["from", "share", "random"]) band.at(key).number();
    band.at("modes").whole();
    numberOrNull(band.at("error"));
  }
  const cells = told.at("mapSize").whole(1) ** 2;
  if (numbers(told.at("overall")).length !== cells) told.at("overall").refuse(`a list of ${cells}`);
  for (const one of told.at("maps").list()) map(one, cells);
  for (const cluster of told.at("clusters").list()) {
    cluster.at("id").whole();
    for (const load of cluster.at("loads").list()) {
      load.at("mode").whole();
      load.at("side").choice(["context", "token"]);
      for (const key of ["mean", "z"]) load.at(key).number();
    }
  }
  for (const one of told.at("clusterings").list()) {
    one.at("rows").choice(["coordinates", "chi"]);
    for (const key of ["k", "clusters"]) one.at(key).whole();
    one.at("ari").number();
    optional(one.at("ariRoles"), (ari) => ari.number());
  }
  for (const sentence of told.at("said").list()) sentence.text();
}

/** Findings of this version. @throws SpectroscopeError naming file and key */
export function parseModes(told: Told): ModeFindings {
  told.at("format").choice(["spectroscope-modes"]);
  if (told.at("version").whole() !== 1) told.at("version").refuse("1");
  told.at("labels").text();
  for (const key of ["contexts", "tokens", "components", "chains", "draws"]) told.at(key).whole();
  numberOrNull(told.at("agreed"));
  told.at("laws").list().forEach(law);
  return told.object() as unknown as ModeFindings;
}
