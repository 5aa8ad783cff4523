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

/** A list as long as it must be. */
function listOf(told: Told, length: number, check: (one: Told) => unknown): void {
  const list = told.list();
  list.forEach(check);
  if (list.length !== length) told.refuse(`a list of ${length}`);
}

function curve(told: Told): void {
  const { length } = numbers(told.at("shares"));
  for (const key of ["low", "high"]) optional(told.at(key), (ends) => listOf(ends, length, (end) => end.number()));
  optional(told.at("errors"), (errors) => listOf(errors, length, numberOrNull));
}

function shares(told: Told, modes: number): void {
  for (const key of ["modes", "randomOrder", "randomBases", "best", "principal"]) curve(told.at(key));
  listOf(told.at("modes").at("shares"), modes, (share) => share.number());
}

function map(told: Told, cells: number): void {
  told.at("name").text();
  listOf(told.at("values"), cells, (value) => value.number());
  listOf(told.at("errors"), cells, numberOrNull);
}

function law(told: Told): void {
  told.at("law").choice(LAWS);
  told.at("source").text();
  for (const key of ["loss", "held"]) told.at(key).number();
  const { length } = numbers(told.at("values"));
  listOf(told.at("measured"), length, (share) => share.number());
  for (const mode of told.at("modes").list()) {
    mode.at("mode").whole();
    mode.at("value").number();
    ends(mode.at("contexts"));
    ends(mode.at("tokens"));
  }
  shares(told.at("plain"), length);
  optional(told.at("noiseFree"), (own) => shares(own, length));
  for (const band of told.at("bands").list()) {
    for (const key of ["from", "share", "random"]) band.at(key).number();
    band.at("modes").whole();
    numberOrNull(band.at("error"));
  }
  const cells = told.at("mapSize").whole(1) ** 2;
  listOf(told.at("overall"), cells, (value) => value.number());
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
