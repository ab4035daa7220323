"""What a marketplace keeps of each sale: asked for now and then, kept with its age, and shown."""
