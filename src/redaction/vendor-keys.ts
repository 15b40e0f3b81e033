/** How the keys of well-known services look, as their documents and public secret scanners describe them. */

/**
 * Each form begins with letters of its own. Repetitions without a bound stand at the end, where nothing after them can
 * fail; the others are bounded.
 */
const forms: string[] = [
  // OpenAI, Anthropic, OpenRouter, Langfuse; the second: DeepSeek, LiteLLM, OpenAI's older ones
  "sk-(?:ant|proj|svcacct|admin|None|or|lf)-[\\w-]{16,}",
  "sk-(?=[\\w-]{0,40}\\d)(?=[\\w-]{0,60}(?:[A-Z]|[0-9a-f]{12}))[\\w-]{20,}",
  // other AI services
  "hf_[A-Za-z0-9]{34}(?!\\w)",
  "api_org_[A-Za-z0-9]{34}(?!\\w)",
  "gsk_[A-Za-z0-9]{40,}",
  "r8_[A-Za-z0-9]{30,}",
  "pplx-[A-Za-z0-9]{40,}",
  "xai-[A-Za-z0-9]{60,}",
  "nvapi-[\\w-]{40,}",
  "csk-[a-z0-9]{40,}",
  "fw_[A-Za-z0-9]{20,}",
  "tgp_v1_[\\w-]{30,}",
  "tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,}",
  "pcsk_[A-Za-z0-9_]{40,}",
  "lsv2_(?:pt|sk)_[0-9a-f]{32}(?:_[0-9a-f]+)?",
  "jina_[A-Za-z0-9]{40,}",
  "e2b_[0-9a-f]{40,}",
  "fc-[0-9a-f]{32}",
  "llx-[A-Za-z0-9]{40,}",
  "wandb_v1_[A-Za-z0-9_]{40,}",
  // clouds
  "A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])",
  "AIza[\\w-]{35}",
  "AQ\\.Ab[\\w-]{40,}",
  "GOCSPX-[\\w-]{28}",
  "ya29\\.[\\w-]{20,}",
  "LTAI[A-Za-z0-9]{12,20}(?![A-Za-z0-9])",
  "dapi[0-9a-f]{32}(?:-\\d)?",
  "do[opr]_v1_[0-9a-f]{64}",
  "sbp_[0-9a-f]{40}",
  "sb_secret_[\\w-]{20,}",
  "vc[abcikpr]_[A-Za-z0-9]{24,}",
  "vercel_blob_rw_[A-Za-z0-9_]{20,}",
  "pscale_(?:tkn|pw|oauth)_[\\w.=-]{32,}",
  "HRKU-[\\w-]{36,}",
  "fo1_[\\w-]{40,}",
  "pul-[0-9a-f]{40}",
  "tskey-[a-z]{2,12}-[A-Za-z0-9-]{16,}",
  "hv[sbr]\\.[\\w-]{24,}",
  // code and packages
  "gh[opsur]_[A-Za-z0-9]{36,}",
  "github_pat_[A-Za-z0-9_]{60,}",
  "gl(?:pat|ptt|dt|rt|cbt|soat|agent|ft|imt|oas|ffct)-[\\w-]{20,}(?:\\.[a-z0-9.]{9,20})?",
  "npm_[A-Za-z0-9]{36}",
  "pypi-AgE[\\w-]{50,}",
  "rubygems_[0-9a-f]{48}",
  "cio[A-Za-z0-9]{32}(?![A-Za-z0-9])",
  "dckr_(?:pat|oat)_[\\w-]{20,}",
  "ATATT3xFf[\\w=-]{100,}",
  "lin_(?:api|oauth)_[A-Za-z0-9]{32,}",
  "ntn_[A-Za-z0-9]{40,}",
  "secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])",
  "figd_[\\w-]{40,}",
  "PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
  "pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}",
  // messages, mail, telephony
  "xox[abeoprs](?:\\.xox[bp])?-(?=[A-Za-z-]{0,24}\\d)[A-Za-z0-9-]{10,}",
  "xapp-\\d-[A-Za-z0-9-]{20,}",
  "hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/]{20,}",
  "discord(?:app)?\\.com/api/webhooks/\\d{17,20}/[\\w-]{60,}",
  ...["M", "N", "O"].map((first) => `${first}[\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,}`),
  "SK[0-9a-f]{32}(?![A-Za-z0-9])",
  "SG\\.[\\w-]{16,32}\\.[\\w-]{16,64}",
  "key-[0-9a-f]{32}(?![A-Za-z0-9])",
  "xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
  "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
  // payment and shops
  "sk_(?:live|test|prod)_[A-Za-z0-9]{16,}",
  "rk_(?:live|test|prod)_[A-Za-z0-9]{16,}",
  "whsec_[A-Za-z0-9+/=]{24,}",
  "sk_[0-9a-f]{48}",
  "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
  "sq0(?:atp|csp)-[\\w-]{22,}",
  "rzp_(?:live|test)_[A-Za-z0-9]{14,}",
  // watching
  "glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
  "glc_[A-Za-z0-9+/=]{40,}",
  "NRAK-[A-Z0-9]{27}",
  "sntry[su]_[\\w+/=]{40,}",
  "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9.]{40,}",
  // encryption
  "AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}",
  "ops_eyJ[\\w-]{100,}",
];

/** Forms by the code of the character they begin with. */
const byFirst: (RegExp | undefined)[] = [];
for (let code = 48; code < 123; code++) {
  const fitting = forms.filter((form) => form.charCodeAt(0) === code);
  if (fitting.length > 0) byFirst[code] = new RegExp(fitting.join("|"), "y");
}

/** Where the key ends that begins at `start`; -1: none does. */
export function endOfVendorKey(text: string, start: number): number {
  const pattern = byFirst[text.charCodeAt(start)];
  if (!pattern) return -1;
  pattern.lastIndex = start;
  if (!pattern.test(text)) return -1;
  return isPlaceholder(text.slice(start, Math.min(pattern.lastIndex, start + 128))) ? -1 : pattern.lastIndex;
}

/** `hf_xxxxxxxx`: hardly any characters of its own. */
function isPlaceholder(key: string): boolean {
  return new Set(key).size < 9;
}
