"""The add-in on a computer: installed, examined, repaired, removed, and packed for a closed network."""
