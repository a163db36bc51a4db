"""A real Asterisk, a carrier made of SIPp, and a plain AMI client: what the system tests stand on."""
