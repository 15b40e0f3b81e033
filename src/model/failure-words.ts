/** How answers say, in some languages, that something failed, was not there or could not be done. Pure. */

/** As they stand in a text in small letters. */
const words = [
  // German
  " leider |fehlgeschlagen|fehlschlug|schlug fehl|schlugen fehl|gescheitert|misslungen|konnte nicht|konnten nicht|nicht verfügbar|nicht erreichbar|nicht möglich|unmöglich|nicht erreicht|nicht geklappt|nicht funktioniert|nicht gelungen|nicht abrufen|nicht laden|tut mir leid|bedaure|nicht abgeschlossen|ausgefallen|nicht durchgeführt|ist ein fehler auf|gab einen fehler|zeitüberschreitung|abgelehnt|nicht ausgeführt",
  // Spanish
  "lamentablemente|por desgracia|desafortunadamente|no pude|no pudo|no pudimos|no se pudo|no se pudieron|no se ha podido|no he podido|no hemos podido|no fue posible|no ha sido posible|no es posible|no está disponible|no estaba disponible|no disponible|falló|fallado|fallido|fallaron|lo siento|lamento|no responde|no respondió|hubo un error|ocurrió un error|un fallo|rechazad|imposible|no se realizó|no se completó|no funciona",
  // French
  "malheureusement|impossible|échoué|échec|indisponible|désolé|n'a pas pu|n’a pas pu|n'ai pas pu|n’ai pas pu|n'ont pas pu|n’ont pas pu|n'avons pas pu|n’avons pas pu|pas été possible|n'est pas disponible|n’est pas disponible|ne répond pas|n'a pas répondu|n’a pas répondu|pas abouti|une erreur|refusé|injoignable|pas fonctionné|pas réussi|en panne",
  // Italian
  "purtroppo|sfortunatamente|impossibile|non è stato possibile|non disponibile|non è disponibile|fallit|mi dispiace|spiacente|non sono riuscit|non siamo riusciti|non ho potuto|non è riuscit|non risponde|non ha risposto|un errore|rifiutat|irraggiungibile|non raggiungibile|non funziona|non è andat",
  // Portuguese
  "infelizmente|não foi possível|não consegui|não pude|não pôde|não conseguimos|não está disponível|indisponível|falhou|falharam|falha|lamento|desculpe|sinto muito|não respondeu|não responde|ocorreu um erro|houve um erro|impossível|recusad|não funcionou|não estava disponível|fora do ar",
  // Dutch
  "helaas|mislukt|niet gelukt|kon niet|konden niet|niet beschikbaar|niet bereikbaar|onbereikbaar|niet mogelijk|onmogelijk|het spijt|fout opgetreden|gefaald|geweigerd|reageert niet|reageerde niet|een storing|door storing",
  // Japanese
  "できません|できなかった|失敗|申し訳|残念ながら|利用できない|利用不可|エラーが|エラーのため|つながりません|応答がありません|応答しません|タイムアウト|取得できず|確認できず|できておりません|障害",
  // Chinese
  "失败|失敗|无法|無法|抱歉|遗憾|遺憾|不可用|没能|沒能|未能|出错|出錯|出现错误|超时|逾時|没有成功|沒有成功|不成功|没有响应|故障|暂时不能",
  // Korean
  "실패|죄송|유감|불가능|할 수 없|수 없었|못했|오류가|오류로|이용할 수 없|응답이 없|응답하지|시간 초과|되지 않았|안타깝",
].flatMap((list) => list.split("|"));

/** What "Herr Leider" and "sin fallo" would be misread for: said of a failure that there was none. */
const denials = [
  "ohne fehler|kein fehler|keine fehler|fehlerfrei|sin errores|sin fallos|sin ningún error|ningún error|sin problema",
  "sans erreur|aucune erreur|sans échec|senza errori|nessun errore|sem erros|sem falha|nenhum erro|nenhuma falha|zonder fouten|geen fout|geen storing",
  "エラーなし|エラーはありません|失敗はありません|没有错误|没有失败|無失敗|无故障|没有故障|障害はありません|오류 없|오류가 없|실패 없|실패하지",
].flatMap((list) => list.split("|"));

export function saysItFailed(text: string): boolean {
  const said = denials.reduce(
    (left, each) => left.replaceAll(each, " "),
    ` ${text.toLowerCase().replace(/\s+/g, " ")}`,
  );
  if (words.some((each) => said.includes(each))) return true;
  // its verb stands at the end: "konnte die Buchung nicht laden"
  return /(?:^|[^\p{L}])(?:konnten?|kon|konden) (?:[^\s.!?]{1,40} ){0,6}(?:nicht|keine?n?|niet|geen)(?![\p{L}])/u.test(
    said,
  );
}
