/** Words that o200k counts as one token, in lower case or capitalised, after a space or not (a test checks each). */
export const commonWords: ReadonlySet<string> = new Set(
  (
    "about above access account action actions active add added address after again against agent agents all allow " +
    "allowed already also although always amount and another answer any api app application are args argument arguments " +
    "around array arrays ask assert assistant async attribute attributes auth auto available avoid await back bad base " +
    "based because been before being below best better between big blank block body bool boolean both break browser buffer " +
    "bug build built but button byte bytes cache cached call called calling calls can cannot case cases change changed " +
    "changes channel char character characters check checks child city class clear client close cloud code codes color " +
    "column command commands comment commit common compare complete completion config connect connection const contains " +
    "content contents context continue control convert copy core correct could count course create created current custom " +
    "data database date day days deep default defaults delete description detail details different direct directory display " +
    "document documents does doing done down drop due during each early edit either else email empty enable enabled end " +
    "endpoint engine enter entry env error errors even event events ever every example examples except exec exists " +
    "exit expected export extra fail failed failure false family fast feature few field fields file files filter final find " +
    "finish first fix flag following for format found free from full function functions general generate get " +
    "give given global good graph great group had half hand handle hard has have header help her here high his history " +
    "home host hour how html http human icon idea identifier image import include included index info information input " +
    "inside instance instead int integer interface into invalid issue issues item items its job join json just keep key " +
    "keys kind know known label language large last later latest least left length less level like limit line link list " +
    "live load local location log login logs long look low made main make management many map mark match matching " +
    "maximum may mean means media memory message messages metadata method min minimum minutes missing mode model " +
    "models module money more most move much multiple must name names near need needs network never new next node none not " +
    "note nothing now null number object off offset often old once one only open operation option optional options " +
    "order other our out output over own package page parameter parameters parent part parts pass path pattern people " +
    "per place plan play please point port position possible post present price print private process product project " +
    "properties property protected protocol provide provided provider public put query question queue quick random " +
    "range rate raw read ready real reason record records remove report request requests required resource response " +
    "result results retry return returned returns review right role root row rule run running runs safe same save say " +
    "schema scope score search second seconds section see select self send server service session set should show shows " +
    "side simple since single size small software some something source space span special speed stage start started " +
    "state status step steps still stop store stream string strings strict strip strong structure style such summary support " +
    "sure switch system table tag take target task tasks team temperature template terms test tests text than that the " +
    "their them then there these they thing things think this those though three through time timeout times title " +
    "today token tokens too tool tools top total trace track transfer true try two type types under unique unit " +
    "unknown until update updated upon url usage use used user users using valid value values version very via view want " +
    "was water way weather web week well were what when where which while white who why will window with within without word " +
    "words work worker workflow world would write wrong year years yes yet you your zero"
  ).split(" "),
);
