"""What every face shows: plain structs, made from the farm's objects when somebody looks."""
