"""The local web application in which a person corrects what was read."""
