"""What every maker of sound shares: clips, codecs, resampling, loudness. Knows no jobs and no prompts."""
