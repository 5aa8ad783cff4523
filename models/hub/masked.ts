/** Passwords and tokens do not stand in messages, whoever makes them. What is masked may be long: each pattern goes over it once. */

/** An address as it may be shown: who is asked, without who asks, and of a query no more than that there is one. */
export function shownUrl(url: URL | string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search ? "?…" : ""}`;
}

/** A setting that should be an address, and may be anything: what stands before the last "@" is somebody's password. */
export function maskedSetting(value: string): string {
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1***@").replace(/([?#]).*$/s, "$1…");
}

/** What was given as a model's name: a revision's "@" stays, and what looks like NAME:PASSWORD@ before a host does not. */
export function maskedName(name: string): string {
  return /:(?!\/\/)/.test(name.slice(0, Math.max(0, name.lastIndexOf("@")))) ? maskedSetting(name) : masked(name);
}

/** Text of others with addresses in it, without their passwords and queries, and without tokens of the hub. */
export function masked(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'<>]+)/gi, (_, scheme: string, rest: string) => {
      const [, authority, path] = /^([^/?#]*)(.*)$/s.exec(rest) ?? ["", rest, ""];
      return `${scheme}${authority.replace(/^.*@/s, "***@")}${path.replace(/\?.*$/, "?…")}`;
    })
    .replace(/\bhf_[A-Za-z0-9]{6,}/g, "hf_***")
    .replace(/\b(Bearer|Basic) +[^\s"']+/gi, "$1 ***");
}
