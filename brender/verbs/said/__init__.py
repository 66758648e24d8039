"""What somebody said, read strictly: JSON and words become what verbs take, or a sentence of what is wrong."""
