// VOVE ID's guide (004): CryptoJS over id, timestamp and the parsed body, written anew.
"use strict";

const CryptoJS = require("crypto-js");
const express = require("express");
const { serve } = require("../serving");

// Header names in the spelling in which they were sent, which is how the guide looks them up.
function asSent({ rawHeaders }) {
  const headers = {};
  for (let at = 0; at < rawHeaders.length; at += 2) headers[rawHeaders[at]] = rawHeaders[at + 1];
  return headers;
}

const app = express();
// Not strict: the suite sends all of JSON, and the body of this guide is the bare data.
app.use(express.json({ limit: "1mb", strict: false }));

app.post("/webhook-endpoint", (req, res) => {
  const headers = asSent(req);
  const signedContent = `${headers["Svix-Id"]}.${headers["Svix-Timestamp"]}.${JSON.stringify(req.body)}`;
  const secretKey = process.env.WEBHOOK_SECRET.split("_")[1];
  const signature = CryptoJS.HmacSHA256(signedContent, CryptoJS.enc.Base64.parse(secretKey)).toString(
    CryptoJS.enc.Base64,
  );
  if (signature !== headers["Svix-Signature"].split(",")[1]) {
    return res.status(401).json({ error: "invalid Svix-Signature" });
  }
  res.json({ verified: headers["Svix-Id"] });
});

serve(app);
