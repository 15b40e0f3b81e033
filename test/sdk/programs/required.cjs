// A CommonJS program.
const { setupTracing, startSpan } = require(require("node:url").fileURLToPath(`${process.env.AGENSIGHT_SDK}index.js`));

setupTracing("required");
startSpan("from CommonJS", () => {});
