// Texts that are made to be slow, each for one of the redactor's patterns.

/** [name, text][], each of about `length` characters. */
export function hostileTexts(length) {
  const units = {
    addresses: "a@",
    "addresses with dots": "a@a.",
    "digits apart": "1 ",
    "digits in fours": "4111 ",
    "digits with dashes": "1-",
    "digits in pairs": "01 ",
    digits: "4",
    "plus signs": "+1(",
    "PEM headers": "-----BEGIN PRIVATE KEY-----",
    "PEM beginnings": "-----BEGIN ",
    dashes: "-",
    "JWT beginnings": "eyJ.",
    "JWT headers": "eyJhbGciOiJIUzI1NiJ9.",
    "key beginnings": "sk-",
    "key beginnings apart": "sk-ant-api03-a ",
    "URL beginnings": "://a:",
    "URL users": "a://a:a:a:a:",
    letters: "abcdefghijklmnopqrstuvwxyz",
    base64: "aGVsbG8gd29ybGQhIQ/",
    assignments: "api_key=",
    "assigned words": "token: abcdefghijklmnopq ",
    colons: "1:",
    "hexadecimal groups": "2001:db8:",
    "account beginnings": "DE89 ",
    "account numbers": "DE89370400440532013",
    brackets: "[",
    marks: "[email]",
    "open arrays": "[[",
    "open objects": '{"a":',
    quotes: '"',
    backslashes: "\\",
    "escaped quotes": '\\"',
    "lone surrogates": "\ud83d",
    percents: "%3D",
  };
  const texts = Object.entries(units).map(([name, unit]) => [name, unit.repeat(Math.ceil(length / unit.length))]);
  let nested = '"a@b.cc';
  for (let depth = 0; depth < 12; depth++) nested = JSON.stringify(nested);
  texts.push(["JSON in JSON", `[${`${JSON.stringify(nested)},`.repeat(Math.ceil(length / nested.length))}0]`]);
  texts.push(["deep JSON", `${"[".repeat(length / 2)}${"]".repeat(length / 2)}`]);
  texts.push(["backslashes in JSON", JSON.stringify(["\\".repeat(length / 2), "a@b.cc"])]);
  return texts;
}
