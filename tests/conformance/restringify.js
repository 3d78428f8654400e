// The oracle: for each line, a JSON text in base64, prints JSON.stringify(JSON.parse(text)).
"use strict";

const readline = require("node:readline");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  console.log(JSON.stringify(JSON.parse(Buffer.from(line, "base64").toString())));
});
