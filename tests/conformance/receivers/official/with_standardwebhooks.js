// The official Standard Webhooks package for Node. It knows the names `webhook-*`; `svix-*` ones differ in nothing else.
"use strict";

const express = require("express");
const { Webhook } = require("standardwebhooks");
const { serve } = require("../serving");

const app = express();

app.post("/", express.raw({ type: "*/*", limit: "1mb" }), (req, res) => {
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name.replace(/^svix-/, "webhook-"), value]),
  );
  try {
    new Webhook(process.env.WEBHOOK_SECRET).verify(req.body, headers);
  } catch (error) {
    return res.status(400).json({ error: error.message });
  }
  res.json({ verified: headers["webhook-id"] });
});

serve(app);
