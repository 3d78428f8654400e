// How the suite runs an Express app: on a free port, told what it has to know through standard input.
//
// Prints the app's address. Each line `NAME=value` on standard input sets an environment variable, since a webhook's secret
// may be made only once its URL is known; `set NAME` is printed when that is done. Ends with its input.
"use strict";

const readline = require("node:readline");

function serve(app) {
  const server = app.listen(0, "127.0.0.1", (error) => {
    if (error) throw error;
    console.log(`http://127.0.0.1:${server.address().port}`);
  });
  readline
    .createInterface({ input: process.stdin })
    .on("line", (line) => {
      const end = line.indexOf("=");
      const name = line.slice(0, end);
      process.env[name] = line.slice(end + 1);
      console.log(`set ${name}`);
    })
    .on("close", () => process.exit());
}

module.exports = { serve };
