"""Words too common to be informative about a text."""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

# What an apostrophe leaves behind counts too: "don't" is "don" and "t", "l'eau" is "l" and "eau".

_ENGLISH = """
a an the
i me my mine myself we us our ours ourselves you your yours yourself yourselves
he him his himself she her hers herself it its itself they them their theirs themselves
this that these those who whom whose which what where when why how
one ones each every either neither both all any some no none such same other others another
about above across after against along among around as at before behind below beneath beside between
beyond by down during except for from in inside into like near of off on onto out outside over past per
since through throughout to toward towards under until up upon via with within without
and or but nor so yet if then else than because although though while whereas unless whether
am is are was were be been being
have has had having do does did doing done
will would shall should can could may might must ought
not only own too very just also more most much many few less least there here again once ever never
d ll m re s t ve
ain aren couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren won wouldn
"""

_SPANISH = """
el la los las lo un una unos unas al del
yo tú tu tus mi mis mí me conmigo te ti contigo él ella ello ellos ellas usted ustedes se sí su sus le les
consigo nosotros nosotras nos nuestro nuestra nuestros nuestras vosotros vosotras os vuestro vuestra
vuestros vuestras mío mía míos mías tuyo tuya tuyos tuyas suyo suya suyos suyas
este esta esto estos estas ese esa eso esos esas aquel aquella aquello aquellos aquellas
que qué quien quién quienes quiénes cual cuál cuales cuáles cuyo cuya cuyos cuyas cuanto cuánto
cuando cuándo donde dónde como cómo
a ante bajo con contra de desde durante en entre hacia hasta para por según sin sobre tras
y e o u ni pero sino aunque porque pues si mientras
ser soy eres es somos sois son era eras éramos erais eran fui fuiste fue fuimos fuisteis fueron
sea seas seamos seáis sean sido siendo será serán sería serían fuera fueran
estar estoy estás está estamos estáis están estaba estabas estábamos estaban esté estén estado estando
estuvo estuvieron estará estarán estaría
haber he has ha hemos habéis han había habías habíamos habían hay hubo haya hayan habrá habrán habría
habrían hubiera hubieran habido
tener tengo tienes tiene tenemos tenéis tienen tenía tenían tuvo tuvieron tenga tengan tendrá
no ya muy más menos también tampoco tan tanto tanta tantos tantas mucho mucha muchos muchas poco poca
pocos pocas todo toda todos todas otro otra otros otras algo alguien algún alguno alguna algunos algunas
nada nadie ningún ninguno ninguna cada mismo misma mismos mismas así aquí allí ahí
"""

_FRENCH = """
le la les l un une des du de d au aux
je j me m moi tu te t toi il elle on se s soi nous vous ils elles lui leur leurs eux y en
mon ma mes ton ta tes son sa ses notre nos votre vos
mien mienne miens miennes tien tienne tiens tiennes sien sienne siens siennes nôtre vôtre
ce c cet cette ces ceci cela ça celui celle ceux celles
qui que qu quoi dont où quel quelle quels quelles lequel laquelle lesquels lesquelles
quand comment pourquoi combien
à dans par pour sur sous avec sans chez vers entre contre depuis pendant avant après dès jusque jusqu
devant derrière malgré selon
et ou ni mais or donc car si comme lorsque lorsqu puisque puisqu quoique parce afin
être suis es est sommes êtes sont étais était étions étiez étaient fus fut furent sera serai seras serons
serez seront serais serait seraient sois soit soyons soyez soient étant été
avoir ai as a avons avez ont avais avait avions aviez avaient eus eut eurent aurai auras aura aurons aurez
auront aurais aurait auraient aie aies ait ayons ayez aient ayant eu
ne n pas plus moins très trop peu aussi même mêmes tout toute tous toutes autre autres aucun aucune
chaque quelque quelques rien personne ici là déjà encore ainsi alors puis
"""

_GERMAN = """
der die das den dem des ein eine einen einem einer eines
ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine deinen deinem deiner deines
er ihn ihm sein seine seinen seinem seiner seines sie ihr ihre ihren ihrem ihrer ihres ihnen es
wir uns unser unsere unseren unserem unserer unseres euch euer eure euren eurem eurer eures sich man
dieser diese dieses diesen diesem jener jene jenes jenen jenem
derselbe dieselbe dasselbe denselben demselben
wer wen wem wessen was welcher welche welches welchen welchem wo wann warum wie
jeder jede jedes jeden jedem alle alles allen allem aller einige einiges einigen mancher manche manches
manchen kein keine keinen keinem keiner keines andere anderen anderem anderer anderes etwas nichts
ab an am auf aus bei beim bis durch für gegen hinter in im ins mit nach neben ohne seit über um unter von
vom vor während wegen zu zum zur zwischen
und oder aber denn sondern doch dass daß ob weil wenn als damit falls obwohl
bin bist ist sind seid war warst waren wart wäre wären gewesen sei seien
habe hast hat haben habt hatte hattest hatten hattet hätte hätten gehabt
werde wirst wird werden werdet wurde wurden würde würden worden geworden
kann kannst können könnt konnte konnten könnte könnten muss muß musst müssen musste mussten müsste
soll sollst sollen sollte sollten will willst wollen wollte wollten darf dürfen durfte mag mögen möchte
nicht nur noch nun auch sehr so schon mehr viel viele vielen da dort hier dann hin her
"""

STOP_WORDS = frozenset(f"{_ENGLISH} {_SPANISH} {_FRENCH} {_GERMAN}".split())
"""Function words of English, Spanish, French and German, lower-cased: articles, pronouns, prepositions,
conjunctions, auxiliaries and the commonest adverbs."""
