// A receiver that verifies what it gets with the official Standard Webhooks package.
//
// Prints its URL, reads its secret as a line from standard input, and then prints `verified ID TYPE` for each event that
// it could verify, which it answers with 204, or why it could not, which it answers with 400.
"use strict";

const http = require("node:http");
const readline = require("node:readline");
const { Webhook } = require("standardwebhooks");

const secret = new Promise((given) => {
  readline.createInterface({ input: process.stdin }).once("line", (line) => given(line.trim()));
});

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const event = new Webhook(await secret).verify(Buffer.concat(chunks).toString(), request.headers);
    console.log(`verified ${request.headers["webhook-id"]} ${event.type}`);
    response.writeHead(204).end();
  } catch (error) {
    console.log(`not verified: ${error.message}`);
    response.writeHead(400).end();
  }
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
