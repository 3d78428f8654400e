// The official Svix package for Node.
"use strict";

const express = require("express");
const { Webhook } = require("svix");
const { serve } = require("../serving");

const app = express();

app.post("/", express.raw({ type: "*/*", limit: "1mb" }), (req, res) => {
  try {
    new Webhook(process.env.WEBHOOK_SECRET).verify(req.body, req.headers);
  } catch (error) {
    return res.status(400).json({ error: error.message });
  }
  res.json({ verified: req.headers["svix-id"] ?? req.headers["webhook-id"] });
});

serve(app);
