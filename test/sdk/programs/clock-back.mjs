// Waits, as at its exit, for what its recorder never does, while its clock goes back; sends whether it was done.
const { startThread } = await import(`${process.env.AGENSIGHT_SDK}sdk/recorder-host.js`);

const host = startThread({ message() {}, death() {} });
let now = Date.now();
Date.now = () => {
  now -= 3_600_000;
  return now;
};
process.send(host.wait(0, 99, 50), () => process.exit(0));
