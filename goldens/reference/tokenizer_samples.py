"""Texts of our own for the tokenizer's goldens: what the small tokenizer is trained on, and what is encoded."""

TRAINING = [
    "A susceptibility says how the loss of one token answers when another component of the model is moved a little.",
    "The chains walk around the trained weights, and the covariances of their losses are what we measure there.",
    "Tokens that answer alike are neighbors in a graph; clusters of tokens are groups that the walk seldom leaves.",
    "It isn't that the model doesn't know; it's that we'll have to ask it with care, and they've asked before us.",
    "for i in range(10):\n    for j in range(10):\n        total = total + table[i][j]\n    return total\n",
    "function add(left, right) {\n\treturn left + right;\n}\n\nconst answer = add(40, 2);\n",
    "The gradient of $L(w) = \\frac{1}{n} \\sum_{i=1}^{n} \\ell_i(w)$ is $\\nabla L$, and \\textbf{that} is all.",
    "In 2024 there were 1024 tokens, in 2025 there were 2048; 3.14159 is not 22/7, and 1,000,000 is a million.",
    "Der kühle Fluß fließt über die Brücke; où est l'été? El niño comió piñas. Żółta łódź, škola, čaj.",
    "Москва стоит на реке, а река течёт к морю. Η θάλασσα είναι μεγάλη. שלום לכולם. السلام عليكم.",
    "今日は天気がいいですね。明日も晴れるでしょう。我们在河边看书。한국어 문장도 하나 있습니다.",
    "| name | value |\n| --- | --- |\n| alpha | 0.1 |\n| beta | 0.2 |\n",
]

_COMPOSITIONS = [
    "105d2 307", "105da 307", "11382 113c9", "11384 113bb", "1138b 113c2", "11390 113c9", "113c2 113c2", "113c2 113b8",
    "113c2 113c9", "11935 11930", "1611e 1611e", "1611e 16129", "1611e 1611f", "16129 1611f", "1611e 16120",
    "1611e 1611e 1611f", "16d67 16d67", "16d63 16d67",
]  # fmt: skip


def _characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


SAMPLES = {
    "nothing": "",
    "one letter": "a",
    "one space": " ",
    "prose": "The chains aren't done: they'll walk on, I'm told, and we've time. It's what you'd expect; 'tis 'SO'.",
    "prose with a space before": " Tokens that answer alike are neighbors.",
    "capital contractions": "DON'T WE'LL I'M THEY'RE don't we'll I'm they're ''s '' 's's",
    "curly quotes": "\u201cit\u2019s\u201d \u2018quoted\u2019 \u2014 and\u2026 so\u2013on",
    "combining marks": "e\u0301te\u0301 n\u0303 o\u0302\u0323 a\u0323\u0302 q\u0307\u0323 q\u0323\u0307 \u1e69 s\u0323\u0307 \u212b A\u030a",
    "a mark first": "\u0301abc \u0301 x\u0338=\u0338>\u0338",
    "singletons of NFC": "\u2126 \u212a \u2329\u232a \uf900 \u0958 \U0001d15e \u2f00",
    "hangul parts": "\u1112\u1161\u11ab\u1100\u1173\u11af \ud55c\uae00 \u1112\u1161 \u11a8",
    "indic": "\u0928\u092e\u0938\u094d\u0924\u0947 \u0995\u09c7\u09be \u0b95\u0bca \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "chinese and japanese": "\u4eca\u65e5\u306f\u3001\u5929\u6c17\u304c\u3044\u3044\u3002\u6211\u4eec\u53bb\u6cb3\u8fb9\uff01\uff11\uff12\uff13 \u304b\u3099\u30cf\u309a",
    "far planes": "\U00020000\U0002a6df\U0002ebf0\U000323af \U00010330\U00010348 \U0001f600",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea #\ufe0f\u20e3 \u2764\ufe0f",
    "right to left": "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u200f\u0627\u0644\u0633\u0644\u0627\u0645\u064f \u0639\u0644\u064a\u0643\u0645\u200e \u202babc\u202c",
    "marks out of order": "\u05e9\u05bc\u05c1 \u05e9\u05c1\u05bc \u0644\u0651\u064e \u0644\u064e\u0651",
    "numbers": "0 7 42 007 3.14159 1,000,000 1e-5 0x1f 2\u00b2 \u00bd \u2167 \u0663\u0664 \u096a\u096b \u3007 \U0001d7d8 10th B2B",
    "python": 'def f(x: int) -> str:\n    """Doc."""\n    if x > 0:\n        return f"{x!r:>8}"\n\n    return None\n',
    "tabs": "a\tb\t\tc\t\t\td\n\te\n\t\tf \t g\t \th",
    "minified": "!function(e,t){for(var n=0;n<e.length;n++)t[e[n]]=n&&!0}([],{});",
    "latex": "\\begin{align}\n  \\nabla_\\theta \\mathcal{L} &= \\frac{1}{N}\\sum_{i=1}^{N} x_i^{2} \\\\\n\\end{align} $\\alpha\\to\\infty$",
    "markup": "<p class=\"a\">x &amp; y</p>\n = = Heading = = \n @-@ <unk> , the 1 @,@ 000",
    "runs of spaces": "".join(f"{' ' * n}{n}" for n in range(0, 53)),
    "spaces at the end": "end" + " " * 30,
    "spaces before a line": "x   \n    y\n" + " " * 25 + "z",
    "line ends": "a\nb\r\nc\rd\n\n\ne\r\n\r\nf\n\r\n",
    "other spaces": "a\u00a0b\u00a0\u00a0c\u2003d\u2009\u2009e\u3000f\u202fg\u205fh\u1680i\u2028j\u2029k\x0bl\x0cm",
    "next line": "a\x85b \x85\x85 c\x85 \x85d\n\x85\n",
    "no spaces": "a\ufeffb \ufeff\ufeff c\u200bd \u200b\u2060e \u180ef",
    "control characters": "\x00a\x00\x00b \x01\x02\x1b[0m\x7f\x80\x9f \x1c\x1d\x1e\x1f.",
    "not characters": "\ufffd \ufffe\uffff \U0010ffff \ue000 \U000f0000 \u0378 \U000e0001",
    "letters of Unicode 16": _characters("a7cb a7da 105c0 10d4a 16d40 18cff 2ebf0 61 10d40 31 1ccf0 2e"),
    "letters of Unicode 17": "a" + _characters("88f c5c a7ce 10940 16ea0 323b0 2cead 61 11de0 31 16ff4 2e"),
    "marks after Unicode 9": " ".join(f"e\u0323{_characters(code)}\u0301\u0323" for code in "7fd 898 8ca 1abf 1df6 10f46 1133b 16ff0 1e4ec 1e6e3".split()),
    "compositions after Unicode 9": " ".join(_characters(codes) for codes in _COMPOSITIONS),
    "special inside": "one<|endoftext|>two <|endoftext|> three<|padding|><|endoftext|>\n<|endoftext|",
    "a mark after special": "<|endoftext|>\u0338 <|padding|>\u0301e\u0301",
    "special in capitals": "<|EndOfText|> <| endoftext |> <|endoftext|>>",
    "only special": "<|endoftext|><|endoftext|>",
    "long repeats": "a" * 300 + " " + "ab" * 200 + " " + "-" * 513 + "\n" * 65 + "\u2014" * 100 + "\U0001f600" * 50,
    "long word": "pneumono" * 40 + "s" + "the" * 111,
    "ties of merges": "eeeeeee tttttt thethethe ininininin ererererer ssssssssss  aaaaaaa",
    "mixed scripts": "na\u00efve\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439abc123\u4f60\u597d\uac00\u0e01x\u00e6\u00df\u0130\u0131\ufb01",
    "table": "| a | b |\n|---|---|\n| 1 |   2 |\n",
    "json": '{"text": "a\\u00e9\\n", "n": [1, 2.5, null, true]}\n',
    "what was trained on": "\n\n".join(TRAINING),
    "addresses": "See https://example.org/a_b?c=d&e=%20f#g or mail me@example.org; C:\\dir\\file.txt ~/x/../y",
}  # fmt: skip
