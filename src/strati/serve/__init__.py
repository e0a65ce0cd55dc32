"""Ship: certified stacks and knowledge bases behind an API and pages, with people in the loop.

Data flows down this list: `records` (what is kept), `settings`, `store/` (the service database), `keys` and `limits`
(who may ask how much), `guards/` (what is looked at before and after), `engine/` (threads that own stacks and bases),
`queue/` (what waits for people), `audit` (a blind share and its bound), `service` (all in one), `api/`, `pages/`.
"""
