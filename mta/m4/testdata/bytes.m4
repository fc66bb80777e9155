define(`x',`X')éx xé ÿ x x len(`éÿ') translit(`éa',`é',e) index(`aé',`é')
