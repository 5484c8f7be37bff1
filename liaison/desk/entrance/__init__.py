"""Who comes in: the folder, the vault, the officers who have unlocked it, and who may call."""
