"""The web face of Raydock: console, REST API, and the commands that run it."""
