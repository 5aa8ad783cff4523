import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { tokenTable } from "./token-table";

const test = suite("runtime/measure/token-table");

test("a token a line; texts with commas, quotes, line breaks and spaces at their ends are quoted", () => {
  const texts = ["a", " b", 'say "c"', "x,y", "\n", "é"];
  const tokens = texts.map((text, i) => ({ text, sequence: i >> 1, position: 1 + (i & 1), loss: i / 4 }));
  const labels = Int32Array.of(0, -1, 1, 1, 0, -1);
  assert.is(
    tokenTable(tokens, labels),
    [
      "token,sequence,position,text,loss,cluster,role,mode",
      "0,0,1,a,0,0,,",
      '1,0,2," b",0.25,-1,,',
      '2,1,1,"say ""c""",0.5,1,,',
      '3,1,2,"x,y",0.75,1,,',
      '4,2,1,"\n",1,0,,',
      "5,2,2,é,1.25,-1,,",
      "",
    ].join("\r\n"),
  );
});

test("role and mode stand where they are known", () => {
  const token = { text: "(", sequence: 3, position: 7, loss: 0.125, role: "opening bracket", mode: "code" };
  assert.is(tokenTable([token], [4]).split("\r\n")[1], "0,3,7,(,0.125,4,opening bracket,code");
});

test.run();
