/** What a mutant may do to one expression. Every rule that leaves something alone is here too, with its reason. */
import type { CallExpression, Expression, Node } from "@babel/types";

/** Another text for an expression, and what was done to it in a word. */
export interface Replacement {
  readonly kind: string;
  readonly text: string;
}

/** Where a node stands: its parents, the nearest last. */
export type Parents = readonly Node[];

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
};
const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "**": "*",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "&": "|",
  "|": "&",
  "^": "&",
};
const ASSIGNMENTS: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "??=": "=",
  "||=": "=",
  "&&=": "=",
};
const FUNCTIONS: Readonly<Record<string, string>> = {
  floor: "ceil",
  ceil: "floor",
  round: "floor",
  trunc: "ceil",
  min: "max",
  max: "min",
};
/** Methods that give their array back, only less or otherwise. */
const OF_ITS_OWN_KIND = new Set(["slice", "filter", "sort", "reverse", "toSorted", "subarray", "trim"]);
const METHODS: Readonly<Record<string, string>> = { some: "every", every: "some" };

/** Who writes messages: what they are given is text, and text is not mutated. */
const TELLERS = new Set([
  "SpectroscopeError",
  "Error",
  "TypeError",
  "usage",
  "refuse",
  "fail",
  "say",
  "damaged",
  "wrong",
]);
/** Properties that hold text for people. */
const TEXTS = new Set(["hint", "help", "title", "summary", "placeholder"]);

const isText = (node: Node): boolean =>
  node.type === "StringLiteral" ||
  node.type === "TemplateLiteral" ||
  (node.type === "BinaryExpression" && node.operator === "+" && (isText(node.left) || isText(node.right)));

const nameOf = (node: Node): string | undefined => {
  if (node.type === "Identifier") return node.name;
  return node.type === "MemberExpression" && !node.computed ? nameOf(node.property) : undefined;
};

/** Whether nothing in a node is mutated: types, names of modules, and what is told to people. */
export function leftAlone(node: Node): boolean {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ThrowStatement":
      return true;
    case "NewExpression":
    case "CallExpression":
      return TELLERS.has(nameOf(node.callee) ?? "");
    case "ObjectProperty":
      return !node.computed && TEXTS.has(node.key.type === "Identifier" ? node.key.name : "");
    default:
      return node.type.startsWith("TS") && !CARRIERS.has(node.type);
  }
}

/** Types that are laid over an expression, which is walked as ever. */
const CARRIERS = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression", "TSParameterProperty"]);

/** Names of things in capitals: in a report they say how large something is drawn. */
const CAPITALS = /^[A-Z][A-Z0-9_]+$/;

/** All replacements of one node. `source`: the text of its file; `drawn`: whether the file draws. */
export function replacements(node: Node, parents: Parents, source: string, drawn: boolean): Replacement[] {
  const parent = parents.at(-1);
  const text = (inner: Node) => source.slice(inner.start ?? 0, inner.end ?? 0);
  const whole = (inner: Node) => `(${text(inner)})`;
  switch (node.type) {
    case "BinaryExpression": {
      const { operator, left, right } = node;
      if (left.type === "PrivateName") return [];
      const by = (other: string): Replacement => ({ kind: other, text: `${whole(left)} ${other} ${whole(right)}` });
      if (operator in COMPARISONS) {
        // One round less instead of one more: what reads past an array's end often changes nothing.
        if (isLoopTest(node, parent) && operator === "<")
          return [{ kind: "one round less", text: `${whole(left)} + 1 < ${whole(right)}` }];
        // Of equal operands either is taken.
        if (choosesOwnOperand(node, parent, text)) return COMPARISONS[operator].slice(1).map(by);
        return COMPARISONS[operator].map(by);
      }
      if (!(operator in ARITHMETIC) || isText(node)) return [];
      return [by(ARITHMETIC[operator])];
    }
    case "LogicalExpression": {
      if (node.operator === "??") return [{ kind: "?? removed", text: text(node.left) }];
      const other = node.operator === "&&" ? "||" : "&&";
      return [{ kind: other, text: `${whole(node.left)} ${other} ${whole(node.right)}` }];
    }
    case "UnaryExpression":
      if (node.operator === "!" || (node.operator === "-" && node.argument.type !== "NumericLiteral"))
        return [{ kind: `${node.operator} removed`, text: text(node.argument) }];
      return node.operator === "-" ? [{ kind: "- removed", text: text(node.argument) }] : [];
    case "UpdateExpression":
      if (isUpdate(node, parent)) return [];
      return [{ kind: "the other way", text: text(node).replace(/\+\+|--/, (sign) => (sign === "++" ? "--" : "++")) }];
    case "AssignmentExpression": {
      const { operator, left, right } = node;
      if (isUpdate(node, parent)) return [];
      if (operator in ASSIGNMENTS && !isText(right))
        return [{ kind: ASSIGNMENTS[operator], text: `${text(left)} ${ASSIGNMENTS[operator]} ${whole(right)}` }];
      return removed(node, parent);
    }
    case "AwaitExpression":
    case "OptionalCallExpression":
      return removed(node, parent);
    case "BooleanLiteral":
      return [{ kind: "other truth", text: String(!node.value) }];
    case "NumericLiteral":
      if (drawn && parents.some((p) => p.type === "VariableDeclarator" && CAPITALS.test(nameOf(p.id) ?? ""))) return [];
      return [{ kind: "+ 1", text: String(node.value + 1) }];
    case "ArrayExpression":
      return parent?.type === "ReturnStatement" && node.elements.length > 0 ? [{ kind: "empty", text: "[]" }] : [];
    case "Identifier":
    case "CallExpression":
      return [
        ...(node.type === "CallExpression" ? ofCall(node, parent, text) : []),
        ...negated(node, parent, text),
        ...(parent?.type === "ReturnStatement" && text(node) !== "undefined"
          ? [{ kind: "nothing returned", text: "undefined" }]
          : []),
      ];
    case "MemberExpression":
      return negated(node, parent, text);
    default:
      return [];
  }
}

/** Loops that count the other way never end: that is noticed whatever the tests say. */
const isUpdate = (node: Node, parent?: Node) => parent?.type === "ForStatement" && parent.update === node;

const isLoopTest = (node: Node, parent?: Node) => parent?.type === "ForStatement" && parent.test === node;

/** `a < b ? a : b`: where both are equal the choice shows nothing. */
function choosesOwnOperand(
  node: Extract<Node, { type: "BinaryExpression" }>,
  parent: Node | undefined,
  text: (node: Node) => string,
): boolean {
  if (parent?.type !== "ConditionalExpression" || parent.test !== node) return false;
  const operands = [text(node.left), text(node.right)];
  return operands.includes(text(parent.consequent)) && operands.includes(text(parent.alternate));
}

/** A call or an assignment that is a statement of its own, left out. */
function removed(node: Expression, parent: Node | undefined): Replacement[] {
  return parent?.type === "ExpressionStatement" && !(node.type === "CallExpression" && node.callee.type === "Super")
    ? [{ kind: "statement removed", text: "void 0" }]
    : [];
}

/** The other branch: of conditions that are no comparison, which has its own. */
function negated(node: Node, parent: Node | undefined, text: (node: Node) => string): Replacement[] {
  const tests =
    parent?.type === "IfStatement" || parent?.type === "ConditionalExpression" || parent?.type === "WhileStatement";
  return tests && parent.test === node ? [{ kind: "negated", text: `!(${text(node)})` }] : [];
}

function ofCall(node: CallExpression, parent: Node | undefined, text: (node: Node) => string): Replacement[] {
  const found = removed(node, parent);
  const { callee } = node;
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return found;
  const method = callee.property.name;
  const given = node.arguments.map(text).join(", ");
  if (callee.object.type === "Identifier" && callee.object.name === "Math") {
    if (Object.hasOwn(FUNCTIONS, method) && node.arguments[0]?.type !== "SpreadElement")
      found.push({ kind: FUNCTIONS[method], text: `Math.${FUNCTIONS[method]}(${given})` });
    if (method === "abs") found.push({ kind: "abs removed", text: given });
    return found;
  }
  // `slice()` only makes a copy.
  if (OF_ITS_OWN_KIND.has(method) && (method !== "slice" || given !== ""))
    found.push({ kind: `${method} removed`, text: text(callee.object) });
  if (Object.hasOwn(METHODS, method))
    found.push({ kind: METHODS[method], text: `${text(callee.object)}.${METHODS[method]}(${given})` });
  return found;
}
