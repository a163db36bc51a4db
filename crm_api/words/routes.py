"""What the API's words mean, in Spanish and English: screens need them before anybody has logged in."""

from fastapi import APIRouter

from crm_api.access import Public
from crm_api.guarded import Guarded
from crm_api.words import service
from crm_api.words.schemas import Language, WordsOut

router = APIRouter(prefix="/api/words", tags=["words"], route_class=Guarded)


@router.get("")
async def words(visit: Public, language: Language = Language.ES) -> WordsOut:
    """Reasons, outcomes, states, actions, reject reasons and error ids, in words for people."""
    return WordsOut(language=language, words=service.catalogue(language))
