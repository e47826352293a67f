"""Output items of Responses: ``items`` makes and hears them, ``ids`` names them, ``seals`` encrypts what is thought."""
