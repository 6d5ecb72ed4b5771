"""From de-identified files to facts: reading, geometry, pixel statistics, masks and the perceptual hash."""
