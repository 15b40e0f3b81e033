/**
 * Values that others have published as examples or for tests, by the pattern that has to find them, and texts in which
 * no pattern may find anything. A key of a vendor is put together here, so that nobody takes this file for a leak.
 */
import type { PatternName } from "../../src/redaction/settings.js";

const list = (text: string) => text.split("|").map((item) => item.trim());
const random = "aB3dE6gH9jKlM2nO5pQrS8tU1vWxY4z7";
/** `length` characters that look drawn at random. */
const drawn = (length: number) => random.repeat(10).slice(0, length);
const hex = (length: number) => "3f9a0c57e1b284d6".repeat(10).slice(0, length);

export const published: Record<PatternName, string[]> = {
  // test cards of Stripe, Adyen and PayPal, as their documents print them
  credit_card: list(
    `4242424242424242|4000056655665556|5555555555554444|2223003122003222|5200828282828210|5105105105105100|
    378282246310005|371449635398431|6011111111111117|6011000990139424|6011981111111113|3056930009020004|36227206271667|
    6555900000604105|3566002020360505|6200000000000005|6200000000000047|6205500000000000004|4111 1111 4555 1142|
    5555 3412 4444 1115|6703 4444 4444 4449|6771 7980 2100 0008|3700 0000 0000 002|3600 6666 3333 44|6011 6011 6011 6611|
    3569 9900 1009 5841|8171 9999 2766 0000|4035 5010 0000 0008|2222 4000 7000 0005|5066 9911 1111 1118|4012888888881881|
    4222222222222|5019717010103742|6331101999990016|30569309025904|3530111333300000|4242-4242-4242-4242`,
  ),
  // the registry of IBANs (SWIFT), electronic and print format
  iban: list(
    `AD1200012030200359100100|AE070331234567890123456|AL47212110090000000235698741|AT611904300234573201|
    AZ21NABZ00000000137010001944|BA391290079401028494|BE68539007547034|BG80BNBG96611020345678|BH67BMAG00001299123456|
    BR1800360305000010009795493C1|CH9300762011623852957|CR05015202001026284066|CY17002001280000001200527600|
    CZ6508000000192000145399|DE89370400440532013000|DK5000400440116243|EE382200221020145685|ES9121000418450200051332|
    FI2112345600000785|FR1420041010050500013M02606|GB29NWBK60161331926819|GR1601101250000000012300695|
    HR1210010051863000160|HU42117730161111101800000000|IE29AIBK93115212345678|IT60X0542811101000000123456|
    KW81CBKU0000000000001234560101|LT121000011101001000|LU280019400644750000|LV80BANK0000435195001|
    MT84MALT011000012345MTLCAST001S|NL91ABNA0417164300|NO9386011117947|PL61109010140000071219812874|
    PT50000201231234567890154|RO49AAAA1B31007593840000|SE4550000000058398257466|SI56263300012039086|
    SK3112000000198742637541|TR330006100519786457841326|GB29 NWBK 6016 1331 9268 19|DE89 3704 0044 0532 0130 00`,
  ),
  // kept free for films and books by NANPA, Ofcom, ACMA, ARCEP, BNetzA and PTS; forms of other countries
  phone: list(
    `(555) 555-0100|212-555-0123|+1 212-555-0199|+12125550199|1-800-555-0199|212.555.0147|020 7946 0018|0113 496 0018|
    01632 960001|01632 960 001|07700 900123|07700 900 123|0808 157 0123|03069 990123|+44 20 7946 0018|+44 (0)20 7946 0018|
    +447700900123|(02) 5550 0123|0491 570 006|+61 491 570 006|01 99 00 12 34|06 39 98 12 34|+33 1 99 00 12 34|
    030 23125 000|0171 3920055|+49 30 23125 000|08-465 004 00|031-390 06 00|070-174 06 05|+46 70 174 06 05|
    0044 20 7946 0018|tel:+1-201-555-0123|phone: 2125550123|+81 3-1234-5678|03-1234-5678|+91 98765 43210|+7 495 123-45-67|
    +34 612 345 678|+55 11 91234-5678|+41 44 668 18 00|+65 6123 4567`,
  ),
  // the first is in the RFC on identity cards nobody was ever given; the others were printed by the SSA and in a wallet
  ssn: list("123-45-6789|078-05-1120|219-09-9999|SSN 123 45 6789|ssn: 123456789"),
  // RFC 5737, RFC 3849, RFC 4291, RFC 5952, RFC 1918
  ip: list(
    `192.0.2.1|198.51.100.7|203.0.113.195|10.0.0.1|192.168.1.254:8080|http://192.0.2.33/|user@198.51.100.4|2001:db8::1|
    2001:db8:0:1:1:1:1:1|2001:db8::8:800:200c:417a|ff01::101|2001:0db8:85a3:0000:0000:8a2e:0370:7334|::ffff:192.0.2.128|
    http://[2001:db8::1]/path|64:ff9b::192.0.2.33`,
  ),
  // RFC 5321, RFC 6531 and the examples of Wikipedia's article on e-mail addresses
  email: list(
    `simple@example.com|very.common@example.com|x@example.com|user.name+tag+sorting@example.com|user-@example.org|
    user%example.com@example.org|mailhost!username@example.org|用户@例子.公司|Jörg@exämple.de|mailto:a.b@example.co.uk`,
  ),
  jwt: [
    // RFC 7519, 3.1 and 6.1 (unsecured)
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    // RFC 7516, A.2: encrypted
    "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.UGhIOguC7IuEvf_NPVaXsGMoLOmwvc1GyqlIKOK1nN94nHPoltGRhWhw7Zx0.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.9hH0vgRfYgPnAHOd8stkvw",
  ],
  private_key: [
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n-----END PRIVATE KEY-----",
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${drawn(70)}\n${drawn(33)}=\n-----END OPENSSH PRIVATE KEY-----`,
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${hex(32)}\n\n${drawn(64)}\n${drawn(12)}==\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n${drawn(64)}\n${drawn(20)}\n=${drawn(4)}\n-----END PGP PRIVATE KEY BLOCK-----`,
    // as JSON and .env files have it, and cut off
    `-----BEGIN EC PRIVATE KEY-----\\n${drawn(64)}\\n${drawn(40)}==\\n-----END EC PRIVATE KEY-----\\n`,
    `-----BEGIN PRIVATE KEY-----\\\\n${drawn(64)}\\\\n${drawn(30)}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${drawn(64)}\n${drawn(64)}\n${drawn(25)}`,
  ],
  url_credentials: [
    // PostgreSQL's, MongoDB's and Redis' documents
    "postgresql://user:secret@localhost",
    "mongodb://myDatabaseUser:D1fficultP%40ssw0rd@mongodb0.example.com:27017/?authSource=admin",
    "redis://:p4ssw0rd@10.0.1.1:6380/15",
    "amqp://user:bitnami@rabbitmq:5672",
    "git clone https://oauth2:glTokenOfSomebody@git.example.com/a/b.git",
  ],
  api_key: [
    // AWS, Azurite, RFC 7617, Telegram and Slack document these
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    '"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
    "AKIAIOSFODNN7EXAMPLE",
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint",
    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
    ["https://hooks.slack.com", "services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"].join("/"),
    // the forms that vendors document
    ...[
      ["sk-", `proj-${drawn(120)}`],
      ["sk-", `svcacct-${drawn(60)}`],
      ["sk-", `${drawn(20)}T3BlbkFJ${drawn(20)}`],
      ["sk-", `ant-api03-${drawn(93)}AA`],
      ["sk-", `or-v1-${hex(64)}`],
      ["sk-", hex(32)],
      ["ASIA", "IOSFODNN7EXAMPLE"],
      ["ghp", `_${drawn(36)}`],
      ["gho", `_${drawn(36)}`],
      ["ghu", `_${drawn(36)}`],
      ["ghs", `_${drawn(36)}`],
      ["ghr", `_${drawn(36)}`],
      ["github", `_pat_${drawn(22)}_${drawn(59)}`],
      ["glpat", `-${drawn(20)}`],
      ["AIza", `Sy${drawn(33)}`],
      ["GOCSPX", `-${drawn(28)}`],
      ["ya29", `.${drawn(100)}`],
      ["xoxb", `-123456789012-1234567890123-${drawn(24)}`],
      ["xapp", `-1-A0123456789-1234567890123-${hex(64)}`],
      ["sk", `_live_${drawn(24)}`],
      ["rk", `_live_${drawn(24)}`],
      ["whsec", `_${drawn(32)}`],
      ["SK", hex(32)],
      ["SG", `.${drawn(22)}.${drawn(43)}`],
      ["npm", `_${drawn(36)}`],
      ["pypi", `-AgEIcHlwaS5vcmc${drawn(80)}`],
      ["hf", `_${"aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"}`],
      ["gsk", `_${drawn(52)}`],
      ["r8", `_${drawn(37)}`],
      ["pplx", `-${drawn(48)}`],
      ["xai", `-${drawn(80)}`],
      ["nvapi", `-${drawn(64)}`],
      ["tvly", `-dev-${drawn(32)}`],
      ["lsv2", `_pt_${hex(32)}_${hex(10)}`],
      ["dapi", hex(32)],
      ["dop", `_v1_${hex(64)}`],
      ["shpat", `_${hex(32)}`],
      ["lin", `_api_${drawn(40)}`],
      ["ntn", `_${drawn(46)}`],
      ["sbp", `_${hex(40)}`],
      ["hvs", `.${drawn(90)}`],
      ["AGE-SECRET-KEY-1", "QQPQZRFR7FF8M92ZR7TKJQTNVYGVQQW6A9XKU4LQ4VVJXG3LG4ZQ2JQGDK"],
      ["figd", `_${drawn(40)}`],
      ["glsa", `_${drawn(32)}_${hex(8)}`],
      ["dckr", `_pat_${drawn(27)}`],
      ["dp", `.pt.${drawn(43)}`],
    ].map((parts) => parts.join("")),
    // names
    `OPENAI_API_KEY=${drawn(40)}`,
    `{"apiKey": "${hex(32)}"}`,
    `Authorization: Bearer ${drawn(40)}`,
    `x-api-key: 5eb4223e-5008-46e5-be67-c7b8f2732305`,
    `client_secret: "${drawn(3)}8Q~${drawn(34)}"`,
    `password => '${drawn(20)}'`,
    `"{\\"token\\": \\"${drawn(32)}\\"}"`,
    `curl "https://api.example.com/v1?api_key=${drawn(32)}&q=1"`,
  ],
};

/** Ids, hashes, times, versions, code and numbers that look like a value and are none. */
export const harmless: string[] = [
  // never issued: the SSA's list
  ...list("000-12-3456|666-12-3456|900-12-3456|987-65-4320|123-00-4567|123-45-0000"),
  // RFC 3339, Semantic Versioning, ISBN, ISSN, EAN, RFC 9562, W3C Trace Context, git, npm, OID
  ...list(
    `2021-03-04T05:06:07.123456789Z|1985-04-12T23:20:50.52Z|1996-12-19T16:39:57-08:00|20250929 12:30|1.0.0-alpha+001|
    1.0.0-beta+exp.sha.5114f85|1.0.0+20130313144700|978-0-306-40615-7|ISBN 978 0 306 40615 7|0-306-40615-2|
    ISBN 0-8044-2957-X|ISSN 2049-3630|4006381333931|5901234123457|f81d4fae-7dec-11d0-a765-00a0c91e6bf6|
    00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01|da39a3ee5e6b4b0d3255bfef95601890afd80709|
    sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==|
    1.2.840.113549.1.1.11|doi:10.1000/182|arXiv:2103.00020`,
  ),
  ...list(
    "1735689600|1735689600000|1735689600000000|1735689600000000000|01/02/2024 03:04:05|31.12.2024 23:59|2024-01-02",
  ),
  ...list("48.8577,2.295|+48.8577+002.295/|-122.4194155, 37.7749295|3.141592653589793|.6366197723675814"),
  // ids as OpenAI's and Anthropic's documents show them
  ...list(
    `claude-sonnet-4-5-20250929|gpt-4.1-2025-04-14|resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b|
    chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT|toolu_01D7FLrfh4GYq7yT1ULFeyMV|msg_01XFDUDYJgAACzvnptvVoYEL|
    call_12345xyz67890ABCDEfghij|fp_44709d6fcb|max_tokens=4096|next_page_token=CAUQAA2B3c4D5e6F7g8`,
  ),
  // RFC 7042, RFC 5156, user agents, CIDR of nobody
  ...list(
    `00-00-5E-00-53-00|00:00:5e:00:53:af|02-00-5E-10-00-00-00-01|127.0.0.1:4318|::1|0.0.0.0|255.255.255.0|v1.2.3.4|
    Version=4.0.0.0|Section 1.2.3.4|Chrome/120.0.0.0 Safari/537.36|1:23:45|12::30|ffff:ffff:ffff:ffff::`,
  ),
  // code
  "std::vector<int>",
  "npm i foo@1.2.3 @scope/name@^2.0.0",
  "icon@2x.png",
  "git@github.com:org/repo.git",
  "@media (min-width: 640px)",
  "user@localhost",
  "<Buffer 01 02 03 04 05>",
  "sk-loading-spinner-circle-container",
  "password: string",
  "api_key: process.env.OPENAI_API_KEY",
  "apiKey = config.providers.openai.apiKey",
  "const credential = workloadIdentity.fromX509(certificate)",
  "exports.findX509Credential = exports.findX509OAuthError",
  ["http://$", "{user}:$", "{password}@host"].join(""),
  "https://example.com/a:b@c",
  "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
  "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE",
  "pem.replace('-----BEGIN PRIVATE KEY-----', '').trim()",
  // placeholders
  `hf_${"x".repeat(34)}`,
  "AKIAXXXXXXXXXXXXXXXX",
  "Authorization: Bearer XXXXXXXXXXXXXXXXXXXXXXXX",
  "xoxb-your-token-goes-here",
  // numbers
  ...list("10 000 000 000|1,234,567.89|0 10 20 30 40 50|order 1234-5678-9012|4111 1111 1111 1112|4111111111111112"),
  ...list("GB29NWBK60161331926818|DE00370400440532013000|width: 320 480 1024|ids 100 200 3000|4111111111111111222"),
];
